/** What the org's policy says of a request. */
import { inputSchemaOf, type KnownTool } from "#gateway/plugins/known-tools.ts";
import { decide } from "#gateway/policy/decide.ts";
import type { PolicyDecision, Question } from "#gateway/policy/question.ts";
import { hasArgumentTwin } from "#gateway/proxy/message/argument-twins.ts";
import type { RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import { lossyNumbersIn } from "#gateway/proxy/message/lossy-number.ts";
import { withTurns } from "#platform/slices.ts";
import type { Exchange } from "./exchange.ts";
import { listenedTo, type MethodRule } from "./method-rules.ts";
import type { Ruling } from "./rule-message.ts";

export type RulingSubject = Pick<Ruling, "message" | "rule" | "tool" | "target">;

/** Each is a question of its own. */
const URIS_MAX = 100;

/** Of several that one request asks for each is decided, and one that is denied denies all. */
export async function decideAll(
  x: Exchange,
  { message, rule, tool, target }: RulingSubject,
): Promise<PolicyDecision> {
  const about = (of: Pick<Question, "action" | "target" | "arguments">) =>
    decide(x.env, { ...questionOf(x), ...of });
  if (rule.kind === "call") {
    const { arguments: given } = message.params ?? {};
    const of = { kind: "tool" as const, name: target, tool };
    const decision = await about({ action: "call", target: of, arguments: given });
    return whatWasRead(message, tool, decision);
  }
  if (rule.kind === "read") return about(readOf(rule.target, target));
  if (rule.kind === "listen") {
    const uris = listenedTo(message.params, "resourceSubscriptions");
    if (uris.length > URIS_MAX) return TOO_MANY;
    const all = await Promise.all(uris.map((uri) => about(readOf("resource", uri))));
    return all.find(({ isPermitted }) => !isPermitted) ?? all[0] ?? PASSED;
  }
  return listDecision(
    await about({ action: "list", target: { kind: "plugin" }, arguments: null }),
    rule,
  );
}

/**
 * Where numbers lose digits when they are read, or a name differs by case alone from one that the tool declares, the
 * plugin may read something else: no rule can say anything of that.
 */
async function whatWasRead(
  message: RpcMessage,
  tool: KnownTool | null,
  decision: PolicyDecision,
): Promise<PolicyDecision> {
  if (!decision.isPermitted || decision.policySet === "none") return decision;
  const schema = inputSchemaOf(tool);
  const hasTwin = hasArgumentTwin(message.params?.["arguments"], schema);
  if (!hasTwin && !(await withTurns(lossyNumbersIn(message)))) return decision;
  const reason = hasTwin ? "case_twin" : "lossy_number";
  return { ...decision, isPermitted: false, policies: [], reason };
}

const PASSED: PolicyDecision = {
  isPermitted: true,
  policySet: "none",
  policies: [],
  reason: "connects",
};

const TOO_MANY: PolicyDecision = { ...PASSED, isPermitted: false, reason: "too_many_resources" };

/**
 * A list shows what its reader may call or read, so that it needs no permit of its own; one that forbids it is
 * obeyed. Templates, whose URIs are not known yet, and methods that nobody here knows do need one.
 */
function listDecision(decision: PolicyDecision, rule: MethodRule): PolicyDecision {
  const isFiltered = rule.kind === "list" && rule.member !== "resourceTemplates";
  const isSilent = decision.reason === "no_policy_permits";
  if (decision.isPermitted || !isFiltered || !isSilent) return decision;
  return { ...decision, isPermitted: true, reason: "filtered" };
}

function readOf(kind: "resource" | "prompt", name: string) {
  const target = kind === "resource" ? { kind, uri: name } : { kind, name };
  return { action: "read" as const, target, arguments: null };
}

export function questionOf(x: Exchange): Omit<Question, "action" | "target" | "arguments"> {
  const { workspace, plugin } = x.plugin;
  const { org, caller, version } = x;
  return { org, caller, workspace, plugin, version, nowMs: x.startedAtMs };
}
