import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ring } from "../../record/gateway-calls.ts";
import {
  answeringWith,
  type Behind,
  behindGateway,
  otherToken,
  recordOf,
  sendModern,
  serveHosts,
} from "./gateway-kit.ts";

beforeAll(serveHosts);
afterEach(() => {
  vi.useRealTimers();
});

/** Asks once; with an answer the call ends as the server is told to end it. */
const asking = (state: string | null, last: object = { content: [] }) =>
  answeringWith(({ params }) => {
    if (params["inputResponses"] !== undefined) return { resultType: "complete", ...last };
    const inputRequests = { who: { method: "elicitation/create", params: {} } };
    const requestState = state === null ? {} : { requestState: state };
    return { resultType: "input_required", inputRequests, ...requestState };
  });

const call = { name: "read", arguments: { path: "/a" } };
const answered = { ...call, inputResponses: { who: { action: "accept" } } };

async function resultOf(answer: Promise<Response>) {
  return ((await (await answer).json()) as { result: Record<string, unknown> }).result;
}

const actions = (events: Record<string, unknown>[]) => events.map(({ action }) => action).sort();
const ONE_CALL = ["tool.call.allowed", "tool.call.completed"];

describe("A call of several rounds", () => {
  it.each([
    ["a state of the server's", "state-1"],
    ["no state", null],
  ])("that goes on by %s is one decision, one completion and one sample", async (_, state) => {
    const behind = await behindGateway(asking(state));
    const first = await resultOf(sendModern(behind, "tools/call", call));
    expect(first["resultType"]).toBe("input_required");
    const again = { ...answered, ...(state !== null && { requestState: state }) };
    const last = await resultOf(sendModern(behind, "tools/call", again, { id: 2 }));
    expect(last["resultType"]).toBe("complete");
    const { samples, events } = await recordOf(behind.org, 1);
    expect(samples).toMatchObject([{ outcome: "ok", tool: "read" }]);
    expect(actions(events)).toEqual(ONE_CALL);
    expect(new Set(events.map(({ invocation_id }) => invocation_id)).size).toBe(1);
  });

  it("has the outcome of the last", async () => {
    const behind = await behindGateway(asking("s", { content: [], isError: true }));
    await resultOf(sendModern(behind, "tools/call", call));
    await resultOf(sendModern(behind, "tools/call", { ...answered, requestState: "s" }));
    const { samples, events } = await recordOf(behind.org, 1);
    expect(samples).toMatchObject([{ outcome: "server_error", error_code: "tool_error" }]);
    expect(actions(events)).toEqual(ONE_CALL);
  });

  it("is not gone on with by another principal who has its state: that is a call of his own", async () => {
    const behind = await behindGateway(asking("s"));
    await resultOf(sendModern(behind, "tools/call", call));
    const bob = await otherToken(behind);
    const params = { ...answered, requestState: "s" };
    await resultOf(sendModern(behind, "tools/call", params, { token: bob }));
    const { samples, events } = await recordOf(behind.org, 1);
    expect(samples).toMatchObject([{ actor: "user:bob@acme", outcome: "ok" }]);
    expect(actions(events)).toEqual(["tool.call.allowed", ...ONE_CALL]);
    await resultOf(sendModern(behind, "tools/call", params));
    const all = await recordOf(behind.org, 2);
    expect(all.samples.map(({ actor }) => actor).sort()).toEqual([
      "user:alice@acme",
      "user:bob@acme",
    ]);
    expect(all.events.length).toBe(4);
  });

  it("that nobody comes back to ends as a time-out", async () => {
    const behind = await behindGateway(asking("s"));
    await resultOf(sendModern(behind, "tools/call", call));
    vi.useFakeTimers({ toFake: ["Date"] });
    // Waits 10 minutes, and is given up by two looks.
    for (const seconds of [590, 11, 26]) await pass(behind, seconds);
    const { samples, events } = await recordOf(behind.org, 1);
    expect(samples).toMatchObject([{ outcome: "server_error", error_code: "timeout" }]);
    expect(actions(events)).toEqual(ONE_CALL);
  });

  it("that is refused when it comes back was decided anew, and is not sent", async () => {
    const behind = await behindGateway(asking("s"));
    await resultOf(sendModern(behind, "tools/call", call));
    const before = behind.received.length;
    const params = { ...answered, requestState: "s" };
    const headers = { "mcp-name": "write" };
    expect((await sendModern(behind, "tools/call", params, { headers })).status).toBe(400);
    expect(behind.received.length).toBe(before);
    // It waits on: a good one still ends it.
    await resultOf(sendModern(behind, "tools/call", params));
    const { samples } = await recordOf(behind.org, 2);
    expect(samples.map(({ outcome }) => outcome).sort()).toEqual(["ok", "policy_denied"]);
  });

  it("is begun anew by who comes back to what has ended", async () => {
    const behind = await behindGateway(asking("s"));
    await resultOf(sendModern(behind, "tools/call", call));
    const params = { ...answered, requestState: "s" };
    for (const id of [2, 3]) await resultOf(sendModern(behind, "tools/call", params, { id }));
    const { samples, events } = await recordOf(behind.org, 2);
    expect(samples.length).toBe(2);
    expect(actions(events)).toEqual([...ONE_CALL.slice(0, 1), ...ONE_CALL, ...ONE_CALL.slice(1)]);
  });
});

async function pass({ org }: Behind, seconds: number): Promise<void> {
  vi.setSystemTime(Date.now() + seconds * 1_000);
  await ring({ org });
}
