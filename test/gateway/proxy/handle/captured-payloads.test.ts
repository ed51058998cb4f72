import { beforeAll, describe, expect, it } from "vitest";
import { CAPTURING, keptPayload, listedCalls } from "../../../payloads/captured.ts";
import { SECRETS } from "../../../redaction/secrets.ts";
import {
  answeringWith,
  type BehindOptions,
  beginSession,
  behindGateway,
  eventStream,
  recordOf,
  result,
  send,
  serveHosts,
  toolCall,
  withSessionId,
} from "./gateway-kit.ts";

beforeAll(serveHosts);

const ON = { ...CAPTURING, payload_capture: { gateway: true } };
const VALUE = { content: [{ type: "text", text: "the answer" }] };
const server = answeringWith(({ params }) =>
  params["name"] === "fail" ? new Response("", { status: 500 }) : VALUE,
);

/** Calls `asked` first, and then `marker`, whose payload is kept: whatever there is of the first is there by then. */
async function isKeptOf(options: BehindOptions, headers: Record<string, string> = {}) {
  const behind = await behindGateway(server, options);
  await (await send(behind, toolCall("asked", 1, { a: 1 }), { headers })).text();
  await recordOf(behind.org, 1);
  await scheduler.wait(100);
  return (await listedCalls(behind.org)).map(({ has_payload }) => has_payload);
}

describe("What a call through the gateway carries", () => {
  it("is kept, redacted and sealed, where the org has it captured", async () => {
    const behind = await behindGateway(server, { fields: ON });
    const [, secret] = SECRETS[0]!;
    const answer = await send(behind, toolCall("read", 1, { path: "/x", token: secret }));
    expect(await answer.json()).toMatchObject({ result: VALUE });
    expect(await keptPayload(behind.org, "read")).toEqual({
      request: { path: "/x", token: "[redacted:github]" },
      response: VALUE,
      cut: { request: null, response: null },
    });
    expect(behind.received[0]?.body).toContain(secret);
  });

  it("is kept of an answer that streams, and of one that is an error, or none", async () => {
    const streaming = await behindGateway(
      async (request) => eventStream(result(((await request.json()) as { id: unknown }).id, VALUE)),
      { fields: ON },
    );
    await (await send(streaming, toolCall("stream", 1, { a: 1 }))).text();
    expect(await keptPayload(streaming.org, "stream")).toMatchObject({ response: VALUE });
    const error = { code: -32602, message: "no such thing" };
    const erring = await behindGateway(
      answeringWith(({ id }) => Response.json({ jsonrpc: "2.0", id, error })),
      { fields: ON },
    );
    await (await send(erring, toolCall("err", 1, { a: 1 }))).text();
    expect(await keptPayload(erring.org, "err")).toMatchObject({
      request: { a: 1 },
      response: { error },
    });
    const failing = await behindGateway(server, { fields: ON });
    await (await send(failing, toolCall("fail", 1, { a: 1 }))).text();
    expect(await keptPayload(failing.org, "fail")).toMatchObject({
      request: { a: 1 },
      response: null,
    });
  });

  it("is kept of a plugin that says so itself, whatever its org has", async () => {
    const behind = await behindGateway(server, {
      fields: CAPTURING,
      settings: { capture_payloads: true },
    });
    await (await send(behind, toolCall("read", 1, { a: 1 }))).text();
    expect(await keptPayload(behind.org, "read")).toMatchObject({ request: { a: 1 } });
  });

  const nothing: [why: string, options: BehindOptions, headers?: Record<string, string>][] = [
    ["the request says that it is not to be", { fields: ON }, { "mcpg-payload": "none" }],
    ["its plugin is not to be captured", { fields: ON, settings: { capture_payloads: false } }],
    ["the org does not have it captured", { fields: CAPTURING }],
    ["the org is not entitled to it", { fields: { payload_capture: { gateway: true } } }],
  ];

  it.each(nothing)("is not kept where %s", async (_, options, headers) => {
    expect(await isKeptOf(options, headers)).toEqual([false]);
  });

  it.each([
    ["is not kept", { "mcpg-payload": "none" }, false],
    ["is kept", {}, true],
  ])(
    "of a task %s where its call's request said so, whatever is asked later",
    async (_, said, isKept) => {
      const task = { taskId: "a-task", status: "working", ttl: 60_000 };
      const behind = await behindGateway(
        answeringWith(({ id, method }) => {
          const body = { jsonrpc: "2.0", id, result: {} };
          if (method === "initialize") return withSessionId(Response.json(body));
          return method === "tools/call" ? { task } : VALUE;
        }),
        { fields: ON },
      );
      const headers = await beginSession(behind);
      const asked = toolCall("asked", 1, { a: 1 });
      await (await send(behind, asked, { headers: { ...headers, ...said } })).text();
      const fetched = {
        jsonrpc: "2.0",
        id: 3,
        method: "tasks/result",
        params: { taskId: "a-task" },
      };
      await (await send(behind, fetched, { headers })).text();
      await recordOf(behind.org, 1);
      if (isKept) await keptPayload(behind.org, "asked");
      else await scheduler.wait(100);
      expect((await listedCalls(behind.org)).map(({ has_payload }) => has_payload)).toEqual([
        isKept,
      ]);
    },
  );

  it("goes to the plugin without the header that is for the gateway", async () => {
    const behind = await behindGateway(server, { fields: ON });
    await (await send(behind, toolCall("read"), { headers: { "mcpg-payload": "none" } })).text();
    expect(behind.received[0]?.headers.has("mcpg-payload")).toBe(false);
  });
});
