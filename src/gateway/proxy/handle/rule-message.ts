/**
 * Whether a request may go to its plugin: the caller's budget, then the org's policy, then a quarantine, in this
 * order, so that a name that policy denies is told nothing of. Nothing is recorded here.
 */

import { SPAN_KIND } from "#formats/otlp/trace-model.ts";
import type { KnownTool } from "#gateway/plugins/known-tools.ts";
import { inputSchemaOf, isCallQuarantined, knownTools } from "#gateway/plugins/known-tools.ts";
import type { PolicyDecision } from "#gateway/policy/question.ts";
import type { RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import { checkRequestHeaders } from "#gateway/proxy/message/request-headers.ts";
import type { Verdict } from "#gateway/record/call-start.ts";
import { measured } from "#tracing/active-span.ts";
import { STAGE_ATTRIBUTE } from "#tracing/trace-span.ts";
import { decideAll, type RulingSubject } from "./decide-message.ts";
import type { Exchange } from "./exchange.ts";
import { ownTasks } from "./known-tasks.ts";
import { listenedTo, type MethodRule, readTarget, ruleOf } from "./method-rules.ts";

/** Why a request is refused, as its sample's error code has it. */
export type RefusalWord = "policy_denied" | "quarantined" | "rate_limited" | "ambiguous";

/** In place of a name that nobody vouches for. */
export const UNKNOWN_TOOL = "__unknown__";

export interface Ruling {
  readonly message: RpcMessage;
  readonly rule: MethodRule;
  readonly verdict: Verdict;
  /** Null where it may go. */
  readonly refusal: RefusalWord | null;
  /** What is wrong with the request itself, as the protocol tells of it. */
  readonly fault: ToldFault | null;
  /** Of a call, as the plugin's list has it. */
  readonly tool: KnownTool | null;
  /** What is called or read; "" for everything else. */
  readonly target: string;
}

/** A JSON-RPC error, and the HTTP status that it goes with. */
export interface ToldFault {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>> | null;
}

const NAMELESS: ToldFault = {
  status: 400,
  code: -32602,
  message: "Invalid params: name has to be a text",
  data: null,
};

/** As a plugin says it of a task that is not there. */
const UNKNOWN_TASK: ToldFault = {
  status: 200,
  code: -32602,
  message: "Invalid params: unknown task",
  data: null,
};

const CONNECTS: Verdict = { kind: "allowed", policySet: "none", policies: [], reason: "connects" };

export async function ruleMessage(x: Exchange, message: RpcMessage): Promise<Ruling> {
  const rule = ruleOf(message);
  const isCall = rule.kind === "call";
  const tools = isCall ? await knownTools(x.env, x.org, x.plugin) : null;
  const tool = tools?.get(message.name ?? "") ?? null;
  const asked = { message, rule, tool, target: targetOf(message, rule), fault: null };
  const ruled = refuseUnasked(x, asked) ?? (await askPolicy(x, asked));
  const isQuarantined = isCall && isCallQuarantined(x.plugin, tools, asked.target);
  if (ruled.refusal !== null || !isQuarantined) return { ...asked, ...ruled };
  return { ...asked, ...denied("quarantined", { ...ruled.verdict, reason: "quarantined" }) };
}

/** As many as resources. */
const TASKS_MAX = 100;

type Ruled = Pick<Ruling, "verdict" | "refusal"> & Partial<Pick<Ruling, "fault">>;

/** What policy need not be asked about. */
function refuseUnasked(x: Exchange, { message, rule, tool, target }: RulingSubject): Ruled | null {
  if (x.retryAfterSeconds !== null) return denied("rate_limited");
  const schema = inputSchemaOf(tool);
  const mismatch = checkRequestHeaders(x.headers, message, schema);
  if (mismatch !== null) {
    return { ...denied("ambiguous", { reason: "header_mismatch" }), fault: mismatch };
  }
  const isNamed = rule.kind === "call" || rule.kind === "read";
  if (!isNamed || target !== "") return null;
  return { ...denied("ambiguous", { reason: "nameless" }), fault: NAMELESS };
}

async function askPolicy(x: Exchange, asked: RulingSubject): Promise<Ruled> {
  const { message, rule } = asked;
  if (rule.kind === "connect") return { verdict: CONNECTS, refusal: null };
  if (rule.kind === "task") return ruleTasks(x, [message.name]);
  const tasks = rule.kind === "listen" ? listenedTo(message.params, "taskIds") : [];
  const ruled = await ruleTasks(x, tasks);
  if (ruled.refusal !== null) return ruled;
  const verdict = await tracedVerdict(x, asked);
  return { verdict, refusal: verdict.kind === "denied" ? "policy_denied" : null };
}

/** As the stage of the call that it is (tracing/trace-span.ts). */
function tracedVerdict(x: Exchange, asked: RulingSubject): Promise<Verdict> {
  const attributes = new Map([[STAGE_ATTRIBUTE, "policy"]]);
  const describe = () => ({ name: "policy", kind: SPAN_KIND.internal, attributes });
  return measured(describe, async (span) => {
    const verdict = verdictOf(await decideAll(x, asked));
    span?.set("mcpg.policy.decision", verdict.kind);
    const [policy] = verdict.policies;
    if (policy !== undefined) span?.set("gen_ai.security.policy.id", policy);
    return verdict;
  });
}

/** A task's id is known to whoever has read it somewhere: only who began the task may ask after it. */
async function ruleTasks(x: Exchange, ids: readonly (string | null)[]): Promise<Ruled> {
  const named = ids.filter((id) => id !== null);
  if (named.length < ids.length || named.length > TASKS_MAX) return NO_TASK;
  const own = await ownTasks(x, named);
  return named.every((id) => own.has(id)) ? { verdict: CONNECTS, refusal: null } : NO_TASK;
}

const NO_TASK: Ruled = {
  ...denied("policy_denied", { reason: "unknown_task" }),
  fault: UNKNOWN_TASK,
};

function denied(
  refusal: RefusalWord,
  { reason = refusal, policySet = "none", policies = [] }: Partial<Verdict> = {},
): Pick<Ruling, "verdict" | "refusal"> {
  return { verdict: { kind: "denied", policySet, policies, reason }, refusal };
}

function targetOf(message: RpcMessage, rule: MethodRule): string {
  if (rule.kind === "call") return message.name ?? "";
  if (rule.kind !== "read") return "";
  return readTarget(message.method ?? "", message.params, rule.target);
}

function verdictOf({ isPermitted, policySet, policies, reason }: PolicyDecision): Verdict {
  return { kind: isPermitted ? "allowed" : "denied", policySet, policies, reason };
}

/** The ruling of a request that was ruled before, by another request of its session. */
export function ruledBefore(message: RpcMessage): Ruling {
  const nothing = { refusal: null, fault: null, tool: null, target: "" };
  return { message, rule: { kind: "call" }, verdict: CONNECTS, ...nothing };
}
