import { describe, expect, it } from "vitest";
import { sendUpstream, type UpstreamAsk } from "#gateway/proxy/upstream/send-upstream.ts";
import { type Deed, JSON_TYPE, resultText, upstreamOf } from "./relayed.ts";

const ASK: UpstreamAsk = {
  method: "POST",
  url: "https://upstream.example.com/mcp",
  timeoutMs: 5_000,
  rules: { allowsLoopback: false, ownHosts: ["mcpg.example.com"] },
  version: "2025-11-25",
  sessionId: "upstream-1",
  lastEventId: null,
  described: { "mcp-method": "tools/call", "mcp-name": "echo" },
  trace: {
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    tracestate: "a=b",
  },
  secrets: { authorization: "Bearer upstream" },
  body: resultText(1),
};

async function requestOf(ask: Partial<UpstreamAsk>): Promise<Request> {
  const requests: Request[] = [];
  await sendUpstream({ ...ASK, ...ask }, async (request) => {
    requests.push(request);
    return new Response(null, { status: 202 });
  });
  return requests[0]!;
}

describe("A request to a plugin", () => {
  it("has the protocol's headers, the trace, the plugin's secret, and no other", async () => {
    const request = await requestOf({});

    expect(Object.fromEntries(request.headers)).toEqual({
      accept: "application/json, text/event-stream",
      authorization: "Bearer upstream",
      "content-type": "application/json",
      "mcp-method": "tools/call",
      "mcp-name": "echo",
      "mcp-protocol-version": "2025-11-25",
      "mcp-session-id": "upstream-1",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      tracestate: "a=b",
      "user-agent": "mcpg-gateway",
    });
    expect(request.redirect).toBe("manual");
    expect(await request.text()).toBe(resultText(1));
  });

  it("resumes a stream by GET, and has no body then", async () => {
    const get = { method: "GET", body: null, described: {}, trace: null } as const;
    const request = await requestOf({ ...get, lastEventId: "7" });

    expect(Object.fromEntries(request.headers)).toMatchObject({
      accept: "text/event-stream",
      "last-event-id": "7",
    });
    expect(request.headers.has("content-type")).toBe(false);
  });

  it("does not let a secret, nor what describes it, say what the request is", async () => {
    const secrets = Object.fromEntries(
      ["Host", "connection", "Content-Type", "mcp-session-id", "Mcp-Method", "last-event-id"]
        .concat(["traceparent", "cookie", "Forwarded", "x-forwarded-for", "cf-connecting-ip"])
        .map((name) => [name, "evil"]),
    );
    const described = { ...secrets, authorization: "evil", "mcp-protocol-version": "evil" };
    const request = await requestOf({ secrets, described: { ...described, "Mcp-Method": "ping" } });

    expect([...request.headers.values()]).not.toContain("evil");
    expect(request.headers.get("mcp-method")).toBe("ping");
  });

  it.each([
    "http://upstream.example.com/mcp",
    "https://169.254.169.254/latest",
    "https://[::1]/mcp",
    "https://localhost/mcp",
    "http://127.0.0.1:8080/mcp",
    "https://mcpg.example.com/v1/orgs/a/workspaces/b/plugins/c/mcp",
    "https://user:pass@upstream.example.com/mcp",
    "file:///etc/passwd",
    "",
  ])("is not sent where a plugin may not be: %s", async (url) => {
    let sends = 0;
    const answer = await sendUpstream({ ...ASK, url }, async () => {
      sends++;
      return new Response(null, { status: 202 });
    });

    expect(answer).toMatchObject({ kind: "failed", fault: "forbidden_address" });
    expect(sends).toBe(0);
  });

  it("may go to this machine where the setting says so", async () => {
    const rules = { allowsLoopback: true, ownHosts: ["127.0.0.1:8787"] };
    const request = await requestOf({ url: "http://127.0.0.1:3001/mcp", rules });

    expect(request.url).toBe("http://127.0.0.1:3001/mcp");
  });

  it("that cannot be made is not sent", async () => {
    const answer = await sendUpstream({ ...ASK, sessionId: "a\nb" }, () => Promise.reject());

    expect(answer).toEqual({ kind: "failed", fault: "malformed", status: null });
  });
});

describe("An upstream", () => {
  it.each([
    ["cannot be reached", () => Promise.reject(new Error("secret")), "unreachable", null],
    ["does not answer", () => new Promise<Response>(() => {}), "timeout", null],
    ["redirects", answers(307, { location: "https://evil.example" }), "redirect", 307],
    ["redirects permanently", answers(301, {}), "redirect", 301],
    ["fails", answers(503, {}, ["busy"]), "status", 503],
    ["fails with JSON", answers(500, JSON_TYPE, [error()]), "status", 500],
    ["refuses our credential", answers(401, JSON_TYPE, [error()]), "status", 401],
    ["forbids", answers(403, JSON_TYPE, [error()]), "status", 403],
    ["has too many of all callers", answers(429, JSON_TYPE, [error()]), "status", 429],
    ["has no such page", answers(404, { "content-type": "text/html" }, ["<p>"]), "status", 404],
    ["answers no JSON-RPC", answers(400, JSON_TYPE, ['{"error":"no"}']), "status", 400],
    ["answers a result with 400", answers(400, JSON_TYPE, [resultText(1)]), "status", 400],
    ["breaks off an error", answers(400, JSON_TYPE, ['{"jsonrpc', "BREAK"]), "status", 400],
    ["stalls within an error", answers(400, JSON_TYPE, ['{"jsonrpc', "HANG"]), "timeout", null],
    ["has endless errors", answers(400, JSON_TYPE, [" ".repeat(70_000), error()]), "status", 400],
    ["has endless headers", answers(200, { x: "x".repeat(40_000) }), "malformed", null],
    [
      "has an endless session id",
      answers(200, { "mcp-session-id": "x".repeat(2_049) }),
      "malformed",
      null,
    ],
    ["has a session id with a blank", answers(200, { "mcp-session-id": "a b" }), "malformed", null],
  ] as const)(
    "that %s is a fault with a name, and nothing of it is told",
    async (_, send, fault, status) => {
      const answer = await sendUpstream({ ...ASK, timeoutMs: 50 }, send);

      expect(answer).toEqual({ kind: "failed", fault, status });
    },
  );

  it("may refuse in JSON-RPC with a 4xx, which passes with that status", async () => {
    for (const status of [400, 404, 405, 406, 415]) {
      const headers = { ...JSON_TYPE, allow: "POST", "set-cookie": "a=b", "www-authenticate": "x" };
      const answer = await sendUpstream(ASK, answers(status, headers, [error()]));
      if (answer.kind !== "response") throw new Error(answer.fault);
      expect(answer.response.status).toBe(status);
      expect(await answer.response.text()).toBe(error());
      expect(Object.fromEntries(answer.response.headers)).toEqual({ ...JSON_TYPE, allow: "POST" });
    }
  });

  it("has its answer read no further than its headers, and has its time for the first byte", async () => {
    const upstream = upstreamOf([resultText(1)], JSON_TYPE);
    const before = Date.now();
    const answer = await sendUpstream(ASK, async () => upstream.response);

    if (answer.kind !== "response") throw new Error(answer.fault);
    expect(upstream.reads).toBe(0);
    expect(answer.firstByteByMs).toBeGreaterThanOrEqual(before + ASK.timeoutMs);
    expect(answer.firstByteByMs).toBeLessThanOrEqual(Date.now() + ASK.timeoutMs);
  });

  it("is not cut by the time for its headers once they came", async () => {
    const upstream = upstreamOf([resultText(1)], JSON_TYPE);
    let signal: AbortSignal | undefined;
    await sendUpstream({ ...ASK, timeoutMs: 20 }, async (request) => {
      signal = request.signal;
      return upstream.response;
    });
    await new Promise((resolve) => setTimeout(resolve, 60));

    expect(signal?.aborted).toBe(false);
  });

  it("is cancelled when its client goes away before the answer, and its late answer let go of", async () => {
    const upstream = upstreamOf(["HANG"]);
    const client = new AbortController();
    let arrive = (_: Response): void => {};
    const sending = sendUpstream({ ...ASK, signal: client.signal }, (request) => {
      request.signal.addEventListener("abort", () => arrive(upstream.response));
      return new Promise((resolve) => {
        arrive = resolve;
      });
    });
    client.abort();

    expect(await sending).toEqual({ kind: "failed", fault: "cancelled", status: null });
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(upstream.wasCancelled).toBe(true);
  });
});

function answers(status: number, headers: Record<string, string>, deeds: Deed[] = []) {
  return async () => upstreamOf(deeds, headers, status).response;
}

function error(): string {
  return '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request"}}';
}
