import { beforeAll, describe, expect, it, vi } from "vitest";
import { workerEnv } from "../../../harness/deployment.ts";
import { tool } from "../../plugins/plugin-client.ts";
import {
  answering,
  answeringWith,
  behindGateway,
  putPolicy,
  recordOf,
  send,
  sendModern,
  serveHosts,
  toolCall,
} from "./gateway-kit.ts";

beforeAll(serveHosts);

interface RpcError {
  id?: unknown;
  error?: { code: number; message: string; data?: Record<string, unknown> };
}

const bodyOf = async (answer: Promise<Response>) => (await (await answer).json()) as RpcError;
const PERMIT_ALL = "permit(principal, action, resource);";

describe("A batch of 2025-03-26", () => {
  const batch = (...names: string[]) => names.map((name, index) => toolCall(name, index));

  it("is one call each: decided, on record, answered", async () => {
    const behind = await behindGateway(answeringWith(({ request }) => answerAll(request)));
    const answer = await send(behind, batch("read", "stat"));
    expect(await answer.json()).toMatchObject([{ id: 0 }, { id: 1 }]);
    const { samples, events } = await recordOf(behind.org, 2);
    expect(samples.map(({ tool, outcome }) => [tool, outcome]).sort()).toEqual([
      ["read", "ok"],
      ["stat", "ok"],
    ]);
    expect(events.length).toBe(4);
    expect(new Set(events.map(({ invocation_id }) => invocation_id)).size).toBe(2);
  });

  it("of which one call is denied is not sent: all are refused, and on record", async () => {
    const behind = await behindGateway(answering);
    await putPolicy(
      behind.org,
      `permit(principal, action, resource == Mcp::Tool::"prod/files/read");`,
    );
    const answer = await send(behind, batch("read", "write"));
    const errors = (await answer.json()) as RpcError[];
    expect(errors.map(({ id, error }) => [id, error?.code])).toEqual([
      [0, -31001],
      [1, -31001],
    ]);
    expect(behind.received).toEqual([]);
    const { samples, events } = await recordOf(behind.org, 2);
    expect(samples.map(({ outcome }) => outcome)).toEqual(["policy_denied", "policy_denied"]);
    const reasons = events.map(({ target, details }) => [
      target,
      (details as { reason: string }).reason,
    ]);
    expect(reasons.sort()).toEqual([
      ["tool://files/read", "beside_refused"],
      ["tool://files/write", "no_policy_permits"],
    ]);
  });
});

async function answerAll(request: Request): Promise<Response> {
  const asked = (await request.json()) as { id: number }[];
  return Response.json(asked.map(({ id }) => ({ jsonrpc: "2.0", id, result: { content: [] } })));
}

describe("A request whose headers say something else than its body", () => {
  const mismatches: [what: string, headers: Record<string, string>][] = [
    ["Mcp-Name", { "mcp-name": "read" }],
    ["Mcp-Method", { "mcp-method": "tools/list" }],
  ];

  it.each(mismatches)(
    "(%s) is refused, recorded under no name, and not sent",
    async (_, headers) => {
      const behind = await behindGateway(answering);
      const answer = await sendModern(behind, "tools/call", { name: "write" }, { headers });
      expect(answer.status).toBe(400);
      const { error } = (await answer.json()) as RpcError;
      expect(error).toMatchObject({ code: -32020, data: { reason: "header_mismatch" } });
      expect(behind.received).toEqual([]);
      const { samples, events } = await recordOf(behind.org, 1);
      expect(samples).toMatchObject([
        { tool: "__unknown__", outcome: "policy_denied", error_code: "ambiguous" },
      ]);
      expect(events).toMatchObject([
        {
          action: "tool.call.denied",
          target: "tool://files/__unknown__",
          details: { reason: "header_mismatch", decision_id: error?.data?.["decision_id"] },
        },
      ]);
    },
  );
});

describe("Arguments that another reader reads otherwise", () => {
  const lossy = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":{"n":9007199254740993}}}`;
  const twin = JSON.stringify(toolCall("pay", 1, { N: 1 }));

  const learning = async () => {
    const pay = { ...tool("pay"), inputSchema: { type: "object", properties: { n: {} } } };
    const behind = await behindGateway(
      answeringWith(({ method }) => (method === "tools/list" ? { tools: [pay] } : undefined)),
    );
    await bodyOf(send(behind, { jsonrpc: "2.0", id: 0, method: "tools/list" }));
    return behind;
  };

  it.each([
    ["lossy_number", lossy],
    ["case_twin", twin],
  ])("(%s) pass as they came without a policy, and are denied under one", async (reason, text) => {
    const behind = await learning();
    expect((await bodyOf(send(behind, text))).error).toBeUndefined();
    const sent = behind.received.at(-1)?.body ?? "";
    expect(sent).toContain(reason === "lossy_number" ? "9007199254740993" : `"N":1`);
    await putPolicy(behind.org, PERMIT_ALL);
    const before = behind.received.length;
    expect((await bodyOf(send(behind, text))).error).toMatchObject({
      code: -31001,
      data: { reason },
    });
    expect(behind.received.length).toBe(before);
    const { samples } = await recordOf(behind.org, 2);
    expect(samples.map(({ outcome }) => outcome).sort()).toEqual(["ok", "policy_denied"]);
  });
});

describe("A caller whose budget is spent", () => {
  const limited = (server = answering) =>
    behindGateway(server, { fields: { limits: { requests_per_minute: 1 } } });

  it("is told so in JSON-RPC, with a decision and a sample of its call, and nothing is sent", async () => {
    const behind = await limited();
    expect((await bodyOf(send(behind, toolCall("read")))).error).toBeUndefined();
    const answer = await send(behind, toolCall("read", 2));
    expect(answer.status).toBe(200);
    const { id, error } = (await answer.json()) as RpcError;
    expect([id, error?.code]).toEqual([2, -31002]);
    expect(error?.data?.["retry_after_seconds"]).toBeGreaterThan(0);
    expect(behind.received.length).toBe(1);
    const { samples, events } = await recordOf(behind.org, 2);
    const refused = samples.find(({ outcome }) => outcome !== "ok");
    expect(refused).toMatchObject({ outcome: "quota_exceeded", error_code: "rate_limited" });
    expect(events.filter(({ invocation_id }) => invocation_id === refused?.id)).toMatchObject([
      { action: "tool.call.denied", details: { reason: "rate_limited" } },
    ]);
  });

  it("is told so of what is not answered by its status", async () => {
    const behind = await limited();
    await bodyOf(send(behind, toolCall("read")));
    const notified = { jsonrpc: "2.0", method: "notifications/initialized" };
    const answer = await send(behind, notified);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(behind.received.length).toBe(1);
  });
});

describe("A call that cannot be recorded", () => {
  it("is refused with 503, to be sent again, and does not reach its server", async () => {
    const behind = await behindGateway(answering);
    await bodyOf(send(behind, toolCall("read")));
    await recordOf(behind.org, 1);
    vi.spyOn(console, "error").mockReturnValue();
    vi.spyOn(workerEnv.LEDGER, "getByName").mockImplementation(() => {
      throw new Error("secret");
    });
    try {
      const answer = await send(behind, toolCall("read", 2));
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
      const text = await answer.text();
      expect(JSON.parse(text)).toMatchObject({ code: "unavailable" });
      expect(text).not.toContain("secret");
    } finally {
      vi.restoreAllMocks();
    }
    expect(behind.received.length).toBe(1);
    const { samples } = await recordOf(behind.org, 1);
    expect(samples.length).toBe(1);
  });
});
