/** Calls through the gateway as its orchestrator records them, and what is on record of them. In workerd. */
import { runInDurableObject } from "cloudflare:test";
import type { LogAddress } from "#audit/audit-log.ts";
import type { Ledger } from "#audit/ledger/ledger.ts";
import { type BegunCall, beginCall } from "#gateway/record/begin-call.ts";
import type { CallEnd, CallStart, Verdict } from "#gateway/record/call-start.ts";
import { lookUpOrg } from "#orgs/directory.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { getJson } from "../../harness/answers.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { newId } from "../../harness/new-id.ts";
import { makeOrg, type OrgFields } from "../../harness/orgs.ts";

export const ALLOWED: Verdict = {
  kind: "allowed",
  policySet: "none",
  policies: [],
  reason: "no_policy_set",
};
export const DENIED: Verdict = {
  kind: "denied",
  policySet: "5ce7",
  policies: ["no-writes", "no-deletes"],
  reason: "forbidden",
};

export function makeStart(fields: Partial<CallStart> = {}): CallStart {
  const startedAtMs = fields.startedAtMs ?? Date.now();
  return {
    id: newId(startedAtMs),
    startedAtMs,
    method: "tools/call",
    workspace: "prod",
    plugin: "github",
    tool: "list_repos",
    target: "tool://github/list_repos",
    actor: "user:alice@acme",
    tokenId: null,
    sessionId: "session-1",
    requestId: "7",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    parentSpanId: "00f067aa0ba902b7",
    dispatchSpanId: null,
    requestBytes: 120,
    httpRequestId: "http-1",
    ...fields,
  };
}

export function makeEnd(fields: Partial<CallEnd> = {}): CallEnd {
  return { outcome: "ok", errorCode: null, endedAtMs: Date.now(), responseBytes: 900, ...fields };
}

/** A request whose work after the answer a test may wait for. */
export class AnsweredRequest {
  readonly #after: Promise<unknown>[] = [];

  waitUntil(work: Promise<unknown>): void {
    this.#after.push(work);
  }

  /** All of it, though more comes while it is waited for. */
  async done(): Promise<void> {
    for (let at = 0; at < this.#after.length; at += 1) await this.#after[at];
  }
}

export async function newOrg(fields: OrgFields = {}): Promise<Org> {
  const org = await lookUpOrg(workerEnv, await makeOrg(fields), Date.now());
  if (org === null) throw new Error("no org");
  return org;
}

export function begin(
  org: Org,
  fields: Partial<CallStart> = {},
  ctx: Pick<ExecutionContext, "waitUntil"> = new AnsweredRequest(),
  env: Env = workerEnv,
): Promise<BegunCall> {
  return beginCall(env, ctx, org, makeStart(fields), ALLOWED);
}

/** Begun and ended, and the request is over. */
export async function callOnce(org: Org, end: Partial<CallEnd> = {}): Promise<string> {
  const request = new AnsweredRequest();
  const call = await begin(org, {}, request);
  call.end(makeEnd(end));
  await request.done();
  return call.start.id;
}

export interface RecordedEvent {
  event_id: string;
  action: string;
  actor: string;
  outcome: string;
  invocation_id: string | null;
  occurred_at: string | null;
  recorded_by: string;
  instance_id: string | null;
  request_id: string | null;
  target: string | null;
  trace_id: string | null;
  workspace: string | null;
  details: Record<string, string | boolean | null>;
}

/** Oldest first, operators' left out. */
export async function entriesOf({ org }: Pick<Org, "org">, query = ""): Promise<RecordedEvent[]> {
  const path = `/v1/orgs/${org}/audit?limit=1000${query}`;
  const { events } = await getJson<{ events: { event: RecordedEvent }[] }>(path);
  return events
    .toReversed()
    .map(({ event }) => event)
    .filter(({ action }) => !action.startsWith("operator."));
}

export interface SampleBody extends Record<string, unknown> {
  id: string;
  outcome: string;
  error_code: string | null;
  duration_ms: number;
}

export async function samplesOf({ org }: Pick<Org, "org">): Promise<SampleBody[]> {
  const path = `/v1/orgs/${org}/invocations?limit=1000`;
  return (await getJson<{ invocations: SampleBody[] }>(path)).invocations;
}

function objectOf({ org }: Pick<Org, "org">, log = 1) {
  return workerEnv.LEDGER.getByName(`${org}/${log}`) as unknown as DurableObjectStub<Ledger>;
}

export function addressOf({ org, shard }: Org, log = 1): LogAddress {
  return { org, log, shard };
}

/** The object's alarm, now: with all that it gives D1. */
export function ring(org: Pick<Org, "org">, log = 1): Promise<void> {
  return runInDurableObject(objectOf(org, log), (ledger) => ledger.alarm());
}

export function inObject<Result>(
  org: Pick<Org, "org">,
  work: (sql: SqlStorage, state: DurableObjectState) => Result,
): Promise<Result> {
  return runInDurableObject(objectOf(org), (_, state) => work(state.storage.sql, state));
}

/** How many calls the object knows to be open, and how many it has not given D1 yet. */
export function leftIn(org: Pick<Org, "org">): Promise<{ open: number; ended: number }> {
  const count = (sql: SqlStorage, table: string) =>
    sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
  return inObject(org, (sql) => ({
    open: count(sql, "open_calls"),
    ended: count(sql, "ended_calls"),
  }));
}
