import { beforeAll, describe, expect, it } from "vitest";
import {
  answering,
  behindGateway,
  eventStream,
  recordOf,
  result,
  type Server,
  send,
  serveHosts,
  toolCall,
} from "../proxy/handle/gateway-kit.ts";

import { openSession } from "./sessions.ts";

beforeAll(serveHosts);

const MODERN = "2026-07-28";

function claiming(version: string) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const request = toolCall("read");
  return { ...request, params: { ...request.params, _meta } };
}

describe("What can be read in two ways", () => {
  it.each([
    "Tools/Call",
    "TOOLS/CALL",
    "tools/call ",
    "tools//call",
    "tool\u017f/call",
    "Resources/read",
  ])("is never sent: the method %j", async (method) => {
    const behind = await behindGateway(answering);
    const answer = await send(behind, { ...toolCall("read"), method });
    expect(answer.status).toBe(400);
    expect(behind.received).toEqual([]);
    const { events } = await recordOf(behind.org, 1);
    expect(events).toMatchObject([
      { action: "tool.call.denied", details: { reason: "case_twin" } },
    ]);
  });

  it("is a denial where header and body name different versions, of one message or any of a batch", async () => {
    const behind = await behindGateway(answering);
    const named = { "mcp-protocol-version": "2025-11-25" };
    const alone = await send(behind, claiming(MODERN), { headers: named });
    const among = await send(behind, [toolCall("read", 2), claiming(MODERN)]);
    for (const answer of [alone, among]) {
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: { code: -32020 } });
    }
    expect(behind.received).toEqual([]);
    const { samples, events } = await recordOf(behind.org, 2);
    expect(samples.map(({ tool }) => tool)).toEqual(["__unknown__", "__unknown__"]);
    expect(events).toMatchObject(Array(2).fill({ details: { reason: "header_mismatch" } }));
  });

  const BOTH = JSON.stringify({ ...JSON.parse(result(1)), error: { code: 1, message: "no" } });

  it("is no answer where it holds a result and an error", async () => {
    const behind = await behindGateway(
      () => new Response(BOTH, { headers: { "content-type": "application/json" } }),
    );
    const told = await (await send(behind, toolCall("read"))).text();
    expect(told).not.toContain("result");
    expect(told).toContain("-31007");
    const { samples } = await recordOf(behind.org, 1);
    expect(samples).toMatchObject([{ outcome: "server_error", error_code: "no_answer" }]);
  });

  it("is an answer where one of both is null", async () => {
    const server: Server = () =>
      eventStream(JSON.stringify({ ...JSON.parse(result(1)), error: null }));
    const behind = await behindGateway(server);
    await (await send(behind, toolCall("read"))).text();
    const { samples } = await recordOf(behind.org, 1);
    expect(samples).toMatchObject([{ outcome: "ok", error_code: null }]);
  });

  it.each([
    ["in a session, though its server is silent", true, "cancelled"],
    ["without a session: it may be another client's of that id", false, null],
  ])("is cancelled %s", async (_, hasSession, code) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const behind = await behindGateway(async (request) => {
      const { id, method } = (await request.json()) as { id?: number; method: string };
      if (id === undefined) return new Response(null, { status: 202 });
      if (method === "tools/call") await promise;
      return Response.json(JSON.parse(result(id)), { headers: { "mcp-session-id": "upstream" } });
    });
    const headers = hasSession ? await openSession(behind) : {};
    const called = send(behind, toolCall("read", 1), { headers });
    while (!behind.received.some(({ body }) => body.includes("tools/call")))
      await scheduler.wait(10);
    const params = { requestId: 1 };
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params };
    expect((await send(behind, cancel, { headers })).status).toBe(202);
    resolve();
    await (await called).text();
    const { samples } = await recordOf(behind.org, 1);
    expect(samples.map(({ error_code }) => error_code)).toEqual([code]);
  });
});
