import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ring } from "../../record/gateway-calls.ts";
import {
  answeringWith,
  type Behind,
  beginSession,
  behindGateway,
  otherToken,
  recordOf,
  send,
  sendModern,
  serveHosts,
  toolCall,
  withSessionId,
} from "./gateway-kit.ts";

beforeAll(serveHosts);
afterEach(() => {
  vi.useRealTimers();
});

type State = object | (() => Response | Promise<never>);
let tasks = 0;

/** Makes each call a task, and answers each poll with the next state; other methods with nothing. */
async function tasking(...states: State[]): Promise<Behind & { taskId: string }> {
  tasks += 1;
  const taskId = `task-${tasks}`;
  const server = answeringWith(({ method }) => {
    if (method === "tools/call") {
      return { resultType: "task", taskId, status: "working", ttlMs: 60_000 };
    }
    if (method !== "tasks/get") return { resultType: "complete" };
    const state = states.shift() ?? { status: "working" };
    return typeof state === "function" ? state() : { resultType: "complete", taskId, ...state };
  });
  return { ...(await behindGateway(server)), taskId };
}

const call = { name: "read", arguments: {} };

async function jsonOf(answer: Promise<Response>) {
  return (await (await answer).json()) as {
    result?: Record<string, unknown>;
    error?: { code: number };
  };
}

const poll = (behind: Behind & { taskId: string }, method = "tasks/get", token = behind.token) =>
  jsonOf(sendModern(behind, method, { taskId: behind.taskId }, { token, id: 2 }));

const ONE_CALL = ["tool.call.allowed", "tool.call.completed"];
const actions = (events: Record<string, unknown>[]) => events.map(({ action }) => action).sort();

async function expectOneCall({ org }: Behind, outcome: string, code: string | null) {
  const { samples, events } = await recordOf(org, 1);
  expect(samples.map((one) => [one.tool, one.outcome, one.error_code])).toEqual([
    ["read", outcome, code],
  ]);
  expect(actions(events)).toEqual(ONE_CALL);
}

describe("A call that becomes a task", () => {
  const ends: [how: string, state: object, outcome: string, code: string | null][] = [
    ["completed", { status: "completed", result: { content: [] } }, "ok", null],
    [
      "completed with isError",
      { status: "completed", result: { content: [], isError: true } },
      "server_error",
      "tool_error",
    ],
    [
      "failed",
      { status: "failed", error: { code: -32603, message: "" } },
      "server_error",
      "-32603",
    ],
    ["cancelled", { status: "cancelled" }, "client_error", "cancelled"],
  ];

  it.each(ends)(
    "and is %s is one call, which ends with the last poll",
    async (_, state, ...went) => {
      const behind = await tasking({ status: "working" }, { status: "input_required" }, state);
      await jsonOf(sendModern(behind, "tools/call", call));
      for (let polls = 0; polls < 4; polls += 1) await poll(behind);
      await expectOneCall(behind, ...went);
    },
  );

  it.each(["tasks/update", "tasks/cancel"])(
    "goes on though %s was taken, until a poll says how it ended",
    async (method) => {
      const failed = { status: "completed", result: { content: [], isError: true } };
      const behind = await tasking(failed);
      await jsonOf(sendModern(behind, "tools/call", call));
      expect((await poll(behind, method)).result).toEqual({ resultType: "complete" });
      await poll(behind);
      await expectOneCall(behind, "server_error", "tool_error");
    },
  );

  it.each([
    ["HTTP 500", () => new Response("no", { status: 500 })],
    ["no connection", () => Promise.reject(new Error("no"))],
    ["an internal error", () => Response.json({ jsonrpc: "2.0", id: 2, error: RPC_ERROR })],
  ])("goes on though a poll of it had %s", async (_, fault) => {
    const behind = await tasking(fault, { status: "completed", result: { content: [] } });
    await jsonOf(sendModern(behind, "tools/call", call));
    expect((await poll(behind)).error?.code).toBeLessThan(0);
    await poll(behind);
    await expectOneCall(behind, "ok", null);
  });

  it("is unknown to every other principal, whatever he asks, and no word of it reaches the server", async () => {
    const behind = await tasking({ status: "completed", result: { content: [] } });
    await jsonOf(sendModern(behind, "tools/call", call));
    const bob = await otherToken(behind);
    const before = behind.received.length;
    for (const method of ["tasks/get", "tasks/update", "tasks/cancel"]) {
      expect((await poll(behind, method, bob)).error?.code).toBe(-32602);
    }
    expect(behind.received.length).toBe(before);
    await poll(behind);
    await expectOneCall(behind, "ok", null);
  });

  it("cannot be listened for by another principal", async () => {
    const behind = await tasking();
    await jsonOf(sendModern(behind, "tools/call", call));
    const bob = await otherToken(behind);
    const before = behind.received.length;
    const params = { notifications: { taskIds: [behind.taskId] } };
    const refused = await jsonOf(
      sendModern(behind, "subscriptions/listen", params, { token: bob }),
    );
    expect(refused.error?.code).toBe(-32602);
    expect(behind.received.length).toBe(before);
    const own = await jsonOf(sendModern(behind, "subscriptions/listen", params));
    expect(own.error).toBeUndefined();
  });

  it("that nobody made is as unknown as another's", async () => {
    const behind = await tasking();
    const answer = await jsonOf(sendModern(behind, "tasks/get", { taskId: "none" }));
    expect(answer.error).toEqual({
      code: -32602,
      message: "Invalid params: unknown task",
      data: { reason: "unknown_task" },
    });
    expect(behind.received).toEqual([]);
  });

  it("that nobody asks after ends as a time-out once its server may have forgotten it", async () => {
    const behind = await tasking();
    await jsonOf(sendModern(behind, "tools/call", call));
    await poll(behind);
    vi.useFakeTimers({ toFake: ["Date"] });
    for (const seconds of [61, 26]) {
      vi.setSystemTime(Date.now() + seconds * 1_000);
      await ring(behind);
    }
    await expectOneCall(behind, "server_error", "timeout");
  });
});

const RPC_ERROR = { code: -32603, message: "no" };

describe("A task of 2025-11-25", () => {
  const legacy = (last: object) =>
    answeringWith(({ id, method }) => {
      const body = { jsonrpc: "2.0", id };
      if (method === "initialize") return withSessionId(Response.json({ ...body, result: {} }));
      if (method === "tools/call") {
        return { task: { taskId: "legacy-task", status: "working", ttl: 60_000 } };
      }
      return method === "tasks/result" ? last : { taskId: "legacy-task", status: "working" };
    });

  it("has the outcome of what tasks/result brings", async () => {
    const behind = await behindGateway(legacy({ content: [], isError: true }));
    const headers = await beginSession(behind);
    await jsonOf(send(behind, toolCall("read"), { headers }));
    const ask = (method: string, token = behind.token) => {
      const body = { jsonrpc: "2.0", id: 3, method, params: { taskId: "legacy-task" } };
      return jsonOf(send(behind, body, { token, headers: token === behind.token ? headers : {} }));
    };
    const bob = await otherToken(behind);
    const before = behind.received.length;
    for (const method of ["tasks/get", "tasks/result", "tasks/cancel"]) {
      expect((await ask(method, bob)).error?.code).toBe(-32602);
    }
    expect(behind.received.length).toBe(before);
    await ask("tasks/get");
    await ask("tasks/result");
    await expectOneCall(behind, "server_error", "tool_error");
  });
});
