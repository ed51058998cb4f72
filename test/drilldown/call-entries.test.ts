import { describe, expect, it } from "vitest";
import type { Scope } from "#orgs/principal.ts";
import { appendEvents } from "../audit/audit-client.ts";
import { ledgerOf } from "../audit/ledger/test-log.ts";
import { requireStatus } from "../harness/answers.ts";
import { ingest, makeSample } from "../harness/calls.ts";
import { call } from "../harness/deployment.ts";
import { newId } from "../harness/new-id.ts";
import { createToken, makeOrg } from "../harness/orgs.ts";
import { newHex } from "../otlp/http/otlp.ts";
import { type CallTrace, traceOf } from "./call-trace.ts";

/** As a token that has these scopes is answered. */
async function traceFor(scopes: Scope[], org: string, id: string): Promise<CallTrace> {
  const { token } = await createToken(org, scopes);
  const answer = call("GET", `/v1/orgs/${org}/invocations/${id}/trace`, { token });
  return (await requireStatus(200, answer)).json();
}

describe("The ledger's entries in GET /v1/orgs/{org}/invocations/{id}/trace", () => {
  it("brings the ledger's entries about the call, and no other's", async () => {
    const org = await makeOrg();
    const [traceId, other] = [newHex(32), newId()];
    const named = { trace_id: traceId, request_id: "7" };
    const sample = makeSample({ ...named, span_id: newHex(16) });
    await ingest(org, [sample]);
    const id = String(sample["id"]);
    const event = { actor: "user:alice", outcome: "allowed", target: "tool://github/list_repos" };
    await appendEvents(org, [
      { ...event, action: "tool.call.challenged", outcome: "deferred", trace_id: traceId },
      { ...event, action: "tool.call.allowed", invocation_id: id, trace_id: traceId },
      { ...event, action: "tool.call.completed", request_id: "7" },
      { ...event, action: "tool.call.allowed", invocation_id: other, trace_id: traceId },
      { ...event, action: "tool.call.allowed", trace_id: newHex(32), request_id: "7" },
      { ...event, action: "tool.call.allowed", ...named, target: "tool://github/other" },
      { ...event, action: "tool.call.allowed", trace_id: traceId, request_id: "8" },
    ]);
    const { audit, policy } = await traceOf(org, id);
    const firstSeq = audit[0]?.seq ?? Number.NaN;
    expect(audit.map(({ seq }) => seq - firstSeq)).toEqual([0, 1, 2]);
    expect(policy).toMatchObject({ decision: "allowed", seq: firstSeq + 1 });
    expect(audit[1]?.event["invocation_id"]).toBe(id);
  });

  it("finds entries by the invocation's id where the sample has neither trace nor request", async () => {
    const org = await makeOrg();
    const sample = makeSample();
    await ingest(org, [sample]);
    const event = { actor: "user:alice", outcome: "allowed", action: "tool.call.allowed" };
    await appendEvents(org, [event, { ...event, invocation_id: sample["id"] }]);
    expect((await traceOf(org, String(sample["id"]))).audit).toHaveLength(1);
  });

  it("finds a call's own entries however many its trace has of others", async () => {
    const org = await makeOrg();
    const named = { trace_id: newHex(32), request_id: "7" };
    const sample = makeSample({ ...named, span_id: newHex(16) });
    await ingest(org, [sample]);
    const own = { actor: "user:alice", outcome: "denied", action: "tool.call.denied" };
    const others = (count: number, given: object) =>
      Array.from({ length: count }, () => ({
        ...own,
        action: "tool.call.allowed",
        outcome: "allowed",
        ...given,
      }));
    await appendEvents(org, [
      { ...own, invocation_id: sample["id"] },
      { ...own, action: "tool.call.access_denied", trace_id: named.trace_id, outcome: "denied" },
      ...others(200, { ...named, invocation_id: newId() }),
    ]);
    const later = new Date(Date.now() + 3_600_000).toISOString();
    for (let report = 0; report < 3; report += 1) {
      await appendEvents(org, others(256, { ...named, occurred_at: later }));
    }
    const { audit, policy } = await traceOf(org, String(sample["id"]));
    const actions = audit.map(({ event }) => event["action"]);
    expect(actions).toEqual(["tool.call.denied", "tool.call.access_denied"]);
    expect(policy).toMatchObject({ decision: "denied", seq: audit[1]?.seq, log: 1 });
  });

  it("takes for the call's no entry but of its tool, its time and its instance", async () => {
    const org = await makeOrg();
    const named = { trace_id: newHex(32), request_id: "7" };
    const sample = makeSample({ ...named, span_id: newHex(16) });
    await ingest(org, [sample]);
    const event = { actor: "user:boss", outcome: "allowed", action: "tool.call.allowed" };
    const earlier = new Date(Date.now() - 3_600_000).toISOString();
    await appendEvents(org, [
      { ...event, ...named, action: "plugin.removed" },
      { ...event, ...named, action: "tool.callous" },
      { ...event, ...named, target: "tool://hr/fire" },
      { ...event, ...named, occurred_at: earlier },
      { ...event, request_id: "8" },
      { ...event, invocation_id: newId(), ...named },
    ]);
    await appendEvents(org, [{ ...event, request_id: "7" }], { instance: "gw-2" });
    expect((await traceOf(org, String(sample["id"]))).audit).toEqual([]);
  });

  it("tells a token without audit:read what was decided, and neither who asked nor any detail", async () => {
    const org = await makeOrg();
    const sample = makeSample({ request_id: "7" });
    await ingest(org, [sample]);
    const id = String(sample["id"]);
    const decided = {
      action: "tool.call.denied",
      outcome: "denied",
      target: "tool://github/list_repos",
    };
    const secret = { actor: "user:secret", details: { why: "hunter2" }, workspace: "hidden" };
    await appendEvents(org, [
      { ...decided, ...secret, invocation_id: id },
      { ...decided, ...secret, request_id: "7" },
    ]);
    const whole = await traceFor(["telemetry:read", "audit:read"], org, id);
    expect(whole).toEqual(await traceOf(org, id));
    expect(whole.audit.map(({ event }) => event["actor"])).toEqual(["user:secret", "user:secret"]);
    const reduced = await traceFor(["telemetry:read", "audit:write"], org, id);
    expect(reduced).toEqual({
      ...whole,
      audit: whole.audit.map(({ event, ...place }) => ({
        ...place,
        event: { ...decided, occurred_at: null, recorded_at: event["recorded_at"] },
      })),
    });
    expect(JSON.stringify(reduced)).not.toMatch(/secret|hunter2|hidden/);
  });

  it("finds the entries of a call from before a recovery, and says which log they are in", async () => {
    const org = await makeOrg();
    const sample = makeSample();
    await ingest(org, [sample]);
    const id = String(sample["id"]);
    const event = { actor: "user:alice", outcome: "allowed", invocation_id: id };
    await appendEvents(org, [{ ...event, action: "tool.call.allowed" }]);
    const log = { org, log: 1, shard: "SHARD_0" };
    await ledgerOf(log).freeze(log, "because");
    const body = { reason: "restored" };
    const answer = await call("POST", `/v1/orgs/${org}/audit/recover`, { body });
    expect(answer.status).toBe(200);
    await appendEvents(org, [{ ...event, action: "tool.call.completed" }]);
    const { audit, policy } = await traceOf(org, id);
    expect(audit.map(({ log, event }) => [log, event["action"]])).toEqual([
      [1, "tool.call.allowed"],
      [2, "tool.call.completed"],
    ]);
    expect(policy).toMatchObject({ decision: "allowed", log: 1, seq: audit[0]?.seq });
  });
});
