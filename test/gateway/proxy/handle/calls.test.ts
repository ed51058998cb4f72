import { beforeAll, describe, expect, it } from "vitest";
import {
  answering,
  behindGateway,
  eventStream,
  putPolicy,
  recordOf,
  result,
  type Server,
  send,
  serveHosts,
  toolCall,
} from "./gateway-kit.ts";

beforeAll(serveHosts);

interface RpcError {
  id?: unknown;
  error: { code: number; message: string; data?: { decision_id?: string; reason?: string } };
}

describe("A call through the gateway", () => {
  it("is decided, sent, answered and on record under one id", async () => {
    const behind = await behindGateway(answering);
    const answer = await send(behind, toolCall("read", 7));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual(JSON.parse(result(7)));
    const { samples, events } = await recordOf(behind.org, 1);
    expect(samples).toMatchObject([
      { tool: "read", outcome: "ok", error_code: null, actor: "user:alice@acme" },
    ]);
    expect(events.map(({ action }) => action)).toEqual([
      "tool.call.completed",
      "tool.call.allowed",
    ]);
    const [{ id } = { id: "" }] = samples;
    expect(events.map(({ invocation_id }) => invocation_id)).toEqual([id, id]);
    expect(events[1]?.["event_id"]).toBe(id);
    expect(events[1]).toMatchObject({
      target: "tool://files/read",
      workspace: "prod",
      details: { decision_id: id, policy_set: "none" },
    });
  });

  it("is sent without what is the caller's own, and with the trace it is in", async () => {
    const behind = await behindGateway(answering, {
      settings: { headers: { authorization: "Bearer upstream" } },
    });
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await send(behind, toolCall("read"), { headers: { traceparent, cookie: "a=b" } });
    const [sent] = behind.received;
    expect(sent?.headers.get("authorization")).toBe("Bearer upstream");
    expect(sent?.headers.get("cookie")).toBeNull();
    expect(sent?.headers.get("traceparent")).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/);
    const body = JSON.parse(sent?.body ?? "") as { params: { _meta: { traceparent: string } } };
    expect(body.params._meta.traceparent).toBe(sent?.headers.get("traceparent"));
  });

  const failures: [how: string, server: Server, code: string, rpc: number | null][] = [
    ["result with isError", fixed(result(1, { content: [], isError: true })), "tool_error", null],
    ["error -32602", fixed(rpcError(-32602)), "-32602", -32602],
    ["error -32603", fixed(rpcError(-32603)), "-32603", -32603],
    ["HTTP 500", () => new Response("no", { status: 500 }), "upstream_500", -31004],
    ["redirect", () => new Response(null, { status: 302 }), "upstream_unreachable", -31004],
    ["no connection", () => Promise.reject(new Error("secret")), "upstream_unreachable", -31004],
    ["empty JSON", () => Response.json(null), "no_answer", -31007],
    ["202 to a request", () => new Response(null, { status: 202 }), "no_answer", -31007],
    ["a stream without an answer", () => eventStream(), "no_answer", -31007],
  ];

  it.each(failures)(
    "that ends with %s has one sample and one completion that say so",
    async (_, server, code, rpc) => {
      const behind = await behindGateway(server);
      const answer = await send(behind, toolCall("read"));
      const text = await answer.text();
      const message = JSON.parse(text.replace(/^event: message\ndata: /, "")) as RpcError;
      if (rpc !== null) expect(message.error.code).toBe(rpc);
      expect(text).not.toContain("secret");
      const { samples, events } = await recordOf(behind.org, 1);
      expect(samples.map(({ error_code }) => error_code)).toEqual([code]);
      expect(events.map(({ outcome }) => outcome)).toEqual(["error", "allowed"]);
    },
  );

  it("that policy denies is never sent, and says which decision it was", async () => {
    const behind = await behindGateway(answering);
    await putPolicy(
      behind.org,
      `permit(principal, action, resource == Mcp::Tool::"prod/files/read");`,
    );
    expect((await send(behind, toolCall("read"))).status).toBe(200);
    const answer = await send(behind, toolCall("write", 2));
    expect(answer.status).toBe(200);
    const { id, error } = (await answer.json()) as RpcError;
    expect([id, error.code]).toEqual([2, -31001]);
    expect(behind.received.length).toBe(1);
    const { samples, events } = await recordOf(behind.org, 2);
    const denied = samples.find(({ outcome }) => outcome === "policy_denied");
    expect(denied).toMatchObject({ id: error.data?.decision_id, tool: "write" });
    expect(events.filter(({ invocation_id }) => invocation_id === denied?.id)).toMatchObject([
      { action: "tool.call.denied", outcome: "denied" },
    ]);
  });

  const ambiguous: [what: string, body: string, headers?: Record<string, string>][] = [
    [
      "duplicate_key",
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}`,
    ],
    [
      "case_twin",
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}`,
    ],
    ["batch", `[${JSON.stringify(toolCall("a"))}]`, { "mcp-protocol-version": "2025-11-25" }],
    ["bad_id", `{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"a"}}`],
    ["unasked_response", `{"jsonrpc":"2.0","id":1,"result":{}}`],
    ["content_type", JSON.stringify(toolCall("a")), { "content-type": "text/plain" }],
    ["malformed", `{"jsonrpc":`],
  ];

  it.each(ambiguous)(
    "that is ambiguous (%s) is a denial under no name, and is never sent",
    async (cause, body, headers = {}) => {
      const behind = await behindGateway(answering);
      const answer = await send(behind, body, { headers });
      expect([400, 415]).toContain(answer.status);
      expect(behind.received).toEqual([]);
      const { samples, events } = await recordOf(behind.org, 1);
      expect(samples).toMatchObject([
        { tool: "__unknown__", outcome: "policy_denied", error_code: "ambiguous" },
      ]);
      expect(events).toMatchObject([{ action: "tool.call.denied", details: { reason: cause } }]);
    },
  );
});

function fixed(body: string): Server {
  return () => new Response(body, { headers: { "content-type": "application/json" } });
}

function rpcError(code: number): string {
  return JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code, message: "no" } });
}
