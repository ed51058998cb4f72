import { describe, expect, it } from "vitest";
import { makeOrg } from "../../harness/orgs.ts";
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
