import { describe, expect, it, vi } from "vitest";
import { moveJob } from "#payloads/move-job.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";
import { listedCalls, makeCapturingOrg, payloadOf } from "../../payloads/captured.ts";
import { SECRETS } from "../../redaction/secrets.ts";
import { ATTRIBUTES, CLIENT, callSpan, partialSuccess } from "./otlp.ts";

const [, secret] = SECRETS[0]!;
const TOLD = {
  "gen_ai.tool.call.arguments": JSON.stringify({ path: "/x", token: secret }),
  "gen_ai.tool.call.result": "no JSON",
};
const attributes = { ...ATTRIBUTES, ...TOLD };
const KEPT = { request: { path: "/x", token: "[redacted:github]" }, response: "no JSON" };
const ON = { payload_capture: { otlp: true } };

describe("Arguments and results in spans", () => {
  it("are kept, redacted, with the call's sample, where the org has them captured", async () => {
    const org = await makeCapturingOrg(ON);
    expect(await partialSuccess(org, [callSpan({ attributes }), callSpan()])).toBeNull();
    const calls = await listedCalls(org);
    expect(calls.map(({ has_payload }) => has_payload).sort()).toEqual([false, true]);
    const { id } = calls.find(({ has_payload }) => has_payload)!;
    expect(await payloadOf(org, id)).toMatchObject(KEPT);
  });

  it("are kept of a caller's call that waits for its server's, by the time that it is counted", async () => {
    const org = await makeCapturingOrg({ ...ON, span_mapping: { caller_wait_seconds: 0 } });
    await partialSuccess(org, [callSpan({ attributes, kind: CLIENT })]);
    const [waited] = await listedCalls(org);
    expect(waited).toMatchObject({ has_payload: true });
    expect(await payloadOf(org, waited!.id)).toMatchObject(KEPT);
  });

  const told = (name: keyof typeof TOLD) => ({ ...ATTRIBUTES, [name]: TOLD[name] });
  const underClient = (clientAttributes: typeof attributes | ReturnType<typeof told>) => {
    const client = callSpan({ attributes: clientAttributes as typeof attributes, kind: CLIENT });
    const { traceId, spanId: parentSpanId } = client;
    return { client, server: { traceId, parentSpanId } };
  };

  it("are of the server's call where its caller's span tells of them in the same request", async () => {
    const org = await makeCapturingOrg(ON);
    const { client, server } = underClient(attributes);
    const ownResult = { ...ATTRIBUTES, "gen_ai.tool.call.result": '"the server\'s"' };
    await partialSuccess(org, [client, callSpan({ ...server, attributes: ownResult })]);
    const [counted, ...others] = await listedCalls(org);
    expect(others).toEqual([]);
    expect(counted).toMatchObject({ has_payload: true });
    const { request, response } = await payloadOf(org, counted!.id);
    expect({ request, response }).toEqual({ request: KEPT.request, response: "the server's" });
  });

  it.each([
    ["before", 1],
    ["after", 0],
  ] as const)(
    "are of the server's call where its caller's span comes by itself %s it",
    async (order, wait) => {
      const org = await makeCapturingOrg({ ...ON, span_mapping: { caller_wait_seconds: wait } });
      const { client, server } = underClient(attributes);
      const sent = [client, callSpan(server)];
      if (order === "after") sent.reverse();
      for (const span of sent) await partialSuccess(org, [span]);
      const only = async () => {
        const [one, ...others] = await listedCalls(org);
        expect(others).toEqual([]);
        expect(one).toMatchObject({ has_payload: true });
        return one!;
      };
      const { id } = await vi.waitFor(only, { timeout: 10_000, interval: 100 });
      expect(await payloadOf(org, id)).toMatchObject(KEPT);
      const rows = "SELECT id FROM tool_invocation_payloads WHERE org = ?1";
      const { results } = await workerEnv.SHARD_0.prepare(rows).bind(org).all();
      expect(results).toEqual([{ id }]);
    },
  );

  it("are moved by the ticks where nobody asks for them", async () => {
    const org = await makeCapturingOrg({ ...ON, span_mapping: { caller_wait_seconds: 0 } });
    const { client, server } = underClient(attributes);
    await partialSuccess(org, [callSpan(server)]);
    await partialSuccess(org, [client]);
    const [counted] = await listedCalls(org);
    const place = { env: workerEnv, shard: "SHARD_0" } as never;
    const before = String.fromCharCode(org.charCodeAt(0) - 1);
    expect(await moveJob.list(place, before, 1_000)).toContain(org);
    expect(await moveJob.step(place, org)).toBe("done");
    expect(await moveJob.list(place, before, 1_000)).not.toContain(org);
    expect(await payloadOf(org, counted!.id)).toMatchObject(KEPT);
  });

  it("do not come back to the server's call, once erased, by being sent again", async () => {
    const org = await makeCapturingOrg({ ...ON, span_mapping: { caller_wait_seconds: 0 } });
    const { client, server } = underClient(attributes);
    await partialSuccess(org, [callSpan(server)]);
    await partialSuccess(org, [client]);
    const [counted] = await listedCalls(org);
    expect(counted).toMatchObject({ has_payload: true });
    const path = `/v1/orgs/${org}/invocations/${counted!.id}/payload?reason=asked`;
    expect(await (await call("DELETE", path)).json()).toMatchObject({ erased: 1 });
    expect(await listedCalls(org)).toMatchObject([{ has_payload: false }]);
    await partialSuccess(org, [client]);
    expect((await listedCalls(org)).map(({ id }) => id)).toEqual([counted!.id]);
    const { token } = await createToken(org, ["payloads:read"]);
    expect((await call("GET", path, { token })).status).toBe(404);
    expect(await listedCalls(org)).toMatchObject([{ has_payload: false }]);
  });

  it("are told of in the answer where the call was counted by its caller's span before", async () => {
    const org = await makeCapturingOrg({ ...ON, span_mapping: { caller_wait_seconds: 0 } });
    const { client, server } = underClient(ATTRIBUTES);
    await partialSuccess(org, [client]);
    expect(await listedCalls(org)).toHaveLength(1);
    expect(await partialSuccess(org, [callSpan({ ...server, attributes })])).toMatchObject({
      errorMessage: "payloads_discarded: 2 arguments or results of calls are not kept",
    });
  });

  it("keep the digits of an answer that is a number", async () => {
    const org = await makeCapturingOrg(ON);
    const digits = "12345678901234567890";
    const result = { ...ATTRIBUTES, "gen_ai.tool.call.result": digits };
    await partialSuccess(org, [callSpan({ attributes: result })]);
    const [counted] = await listedCalls(org);
    expect((await payloadOf(org, counted!.id)).response).toBe(digits);
  });

  it("are kept once, however often the spans are sent", async () => {
    const org = await makeCapturingOrg(ON);
    const spans = [callSpan({ attributes })];
    for (let times = 0; times < 3; times += 1) await partialSuccess(org, spans);
    expect((await listedCalls(org)).map(({ has_payload }) => has_payload)).toEqual([true]);
  });

  it("are not even looked at where the org does not say so", async () => {
    const org = await makeCapturingOrg();
    expect(await partialSuccess(org, [callSpan({ attributes })])).toBeNull();
    expect((await listedCalls(org)).map(({ has_payload }) => has_payload)).toEqual([false]);
  });

  it("are discarded, and the answer says how many, of an org that is not entitled to it", async () => {
    const org = await makeOrg(ON);
    expect(await partialSuccess(org, [callSpan({ attributes })])).toEqual({
      rejectedSpans: expect.anything(),
      errorMessage: "payloads_discarded: 2 arguments or results of calls are not kept",
    });
    expect((await listedCalls(org)).map(({ has_payload }) => has_payload)).toEqual([false]);
  });
});
