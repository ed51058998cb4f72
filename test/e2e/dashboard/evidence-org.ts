/** An org whose calls left entries: decisions and completions by their samples, a signed head, and hostile names. */
import { randomBytes } from "node:crypto";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { hex } from "../../harness/load.ts";
import type { Runtime } from "../../harness/runtime.ts";

export const EVIDENCE_ORG = "evidence";
export const HOSTILE_ACTOR = 'user:<img src=x onerror=alert(1)>\u202ereversed "quoted"';

export interface EvidenceCall {
  readonly id: string;
  readonly traceId: string;
  readonly tool: string;
  readonly actor: string;
  /** Of its decision; that of its completion is one more. */
  readonly seq: number;
}

const CALLS = 12;
const TOOLS = ["delete_repo", "list_repos", "<script>alert(1)</script>"];
const STEP_MS = 1_000;

/** Newest last. */
export async function makeEvidence(runtime: Runtime): Promise<EvidenceCall[]> {
  await runtime.makeOrg(EVIDENCE_ORG);
  const startMs = Date.now() - 20 * 60_000;
  const samples = Array.from({ length: CALLS }, (_, at) => sampleAt(startMs + at * STEP_MS, at));
  const root = `/v1/orgs/${EVIDENCE_ORG}`;
  const report = { instance_id: "gw-1", epoch: new Date(startMs).toISOString(), seq: 0 };
  await runtime.json("POST", `${root}/invocations`, { ...report, invocations: samples });
  const calls: EvidenceCall[] = [];
  for (const sample of samples) {
    const events = eventsOf(sample);
    const { receipts } = await runtime.json<{ receipts: { seq: number }[] }>(
      "POST",
      `${root}/audit`,
      { instance_id: "gw-1", events },
    );
    const { id, trace_id: traceId, tool, actor } = sample;
    calls.push({ id, traceId, tool, actor, seq: receipts[0]!.seq });
  }
  await signHead(runtime);
  return calls;
}

export async function signHead(runtime: Runtime): Promise<void> {
  await runtime.text("POST", `/v1/orgs/${EVIDENCE_ORG}/audit/checkpoint`);
}

/** Entries of no call, so that a log grows. */
export async function growLog(runtime: Runtime, count: number): Promise<void> {
  const events = Array.from({ length: count }, () => ({
    ...{ actor: "user:bob@acme", action: "session.opened", outcome: "allowed" },
  }));
  await runtime.json("POST", `/v1/orgs/${EVIDENCE_ORG}/audit`, { instance_id: "gw-1", events });
}

function sampleAt(startedMs: number, at: number) {
  const isDenied = at % 4 === 3;
  return {
    id: uuid7FromRandom(startedMs, randomBytes(10)),
    ...{ workspace: "prod", plugin: "github", tool: TOOLS[at % TOOLS.length]! },
    ...{ started_at: new Date(startedMs).toISOString(), duration_ms: 40 + at },
    outcome: isDenied ? "policy_denied" : "ok",
    error_code: isDenied ? "policy_denied" : null,
    error_message: isDenied ? "forbidden by policy" : null,
    actor: at % 3 === 0 ? HOSTILE_ACTOR : "user:alice@acme",
    ...{ request_id: `req-${at}`, trace_id: hex(16), span_id: hex(8) },
  };
}

function eventsOf(sample: ReturnType<typeof sampleAt>) {
  const { id, tool, actor, workspace, trace_id, request_id, started_at: occurred_at } = sample;
  const isDenied = sample.outcome === "policy_denied";
  const about = { actor, workspace, trace_id, request_id, invocation_id: id, occurred_at };
  const target = `tool://github/${tool}`;
  const decision = {
    ...about,
    target,
    action: isDenied ? "tool.call.denied" : "tool.call.allowed",
    outcome: isDenied ? "denied" : "allowed",
    details: { policies: "no-deletes", reason: "decided by <b>policy</b>" },
  };
  if (isDenied) return [decision];
  return [decision, { ...about, target, action: "tool.call.completed", outcome: "allowed" }];
}
