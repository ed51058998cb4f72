/** Whether a text may be an org's policy: it parses, and validates strictly against what there is to speak of. */
import type { ValidationError } from "@cedar-policy/cedar-wasm";
import type { SchemaTool, TextCheck, TextFault } from "#gateway/policy/engine-protocol.ts";
import { memberEntity, pluginEntity, workspaceEntity } from "#gateway/policy/entity-ids.ts";
import type { InputReads } from "#gateway/policy/typed-input.ts";
import type { Stepwise } from "#platform/slices.ts";
import type { CedarInstance } from "./cedar.ts";
import { collectEntityIds, collectInputReads } from "./policy-expression.ts";
import {
  faultOf,
  outlinePolicies,
  type PolicyOutline,
  partsOf,
  plainFault,
} from "./policy-outline.ts";
import { policySchema } from "./policy-schema.ts";
import { rehearse } from "./rehearse.ts";
import { reaches } from "./tool-reach.ts";

/**
 * Validation takes a policy once for each action and kind of principal: 40 µs for each tool that it may be of
 * (measured), so 0.8 s in all.
 */
export const VALIDATED_PAIRS_MAX = 20_000;

/** In steps, since it takes a second in all: whose calls are decided meanwhile must not wait for it. */
export function* checkText(
  cedar: CedarInstance,
  text: string,
  tools: readonly SchemaTool[] | null,
): Stepwise<TextCheck> {
  const outlines = yield* outlinePolicies(cedar, text);
  if ("faults" in outlines) return { kind: "refused", faults: outlines.faults };
  const special = outlines.filter((outline) => speaksOfTools(outline));
  if (special.length > 0 && tools === null) {
    return { kind: "needs_tools", reaches: special.map(({ reach }) => reach) };
  }
  const groups = groupsByReach(special, tools ?? []);
  const pairs = groups.reduce((sum, group) => sum + group.outlines.length * group.tools.length, 0);
  if (pairs > VALIDATED_PAIRS_MAX) {
    return { kind: "refused", faults: [plainFault(TOO_MANY_TOOLS, null, 0)] };
  }
  const plain = { outlines: outlines.filter((outline) => !special.includes(outline)), tools: [] };
  const validated: Validation[] = [];
  for (const group of [plain, ...groups].flatMap(inParts)) {
    validated.push(validation(cedar, group));
    yield;
  }
  const faults = validated.flatMap((one) => one.faults);
  if (faults.length > 0) return { kind: "refused", faults };
  yield* rehearse(cedar, outlines);
  const warnings = [...validated.flatMap((one) => one.warnings), ...unlistedOnly(outlines)];
  const ids = outlines.map(({ id }) => id);
  return { kind: "sound", ids, reads: inputReads(outlines), warnings };
}

const TOO_MANY_TOOLS = `policies that read arguments, each with the tools that it may match, make more than ${VALIDATED_PAIRS_MAX} pairs: name plugins or tools in their scope`;

/** Policies with the tools that they may be of. */
interface ReachGroup {
  readonly outlines: readonly PolicyOutline[];
  readonly tools: readonly SchemaTool[];
}

function groupsByReach(
  outlines: readonly PolicyOutline[],
  tools: readonly SchemaTool[],
): ReachGroup[] {
  const byReach = new Map<string, PolicyOutline[]>();
  for (const outline of outlines) {
    const key = JSON.stringify(outline.reach);
    byReach.set(key, [...(byReach.get(key) ?? []), outline]);
  }
  return [...byReach.values()].map((group) => ({
    outlines: group,
    tools: tools.filter((tool) => isReached(tool, group)),
  }));
}

/** By reading arguments, or by an action of a tool's own. */
function speaksOfTools({ readsInput, json }: PolicyOutline): boolean {
  const actions = new Set<string>();
  collectEntityIds(json, new Set(["Mcp::Action"]), actions);
  return readsInput || [...actions].some((id) => id.includes("/"));
}

function isReached(
  { workspace, plugin, name }: SchemaTool,
  outlines: readonly PolicyOutline[],
): boolean {
  const within = pluginEntity(workspace, plugin);
  const place = {
    workspaceId: workspaceEntity(workspace).id,
    pluginId: within.id,
    toolId: memberEntity("Mcp::Tool", within, name).id,
  };
  return outlines.some(({ reach }) => reaches(reach, place));
}

/** A policy takes 0.7 ms, and each pair with a tool 40 µs more. */
function inParts({ outlines, tools }: ReachGroup): ReachGroup[] {
  const policiesMax = Math.max(1, Math.min(64, Math.floor(1_000 / (tools.length + 1))));
  return partsOf(outlines, policiesMax).map((part) => ({ outlines: part, tools }));
}

interface Validation {
  readonly faults: TextFault[];
  readonly warnings: TextFault[];
}

function validation(cedar: CedarInstance, { outlines, tools }: ReachGroup): Validation {
  if (outlines.length === 0) return { faults: [], warnings: [] };
  const staticPolicies = Object.fromEntries(outlines.map(({ id, source }) => [id, source]));
  const settings = { validationSettings: { mode: "strict" as const } };
  const schema = policySchema(tools);
  const answer = cedar.call(({ validate }) =>
    validate({ ...settings, schema, policies: { staticPolicies } }),
  );
  if (answer.type === "failure") {
    return { faults: answer.errors.map((one) => faultOf(one, null, 0)), warnings: [] };
  }
  const starts = new Map(outlines.map(({ id, startByte }) => [id, startByte]));
  const told = ({ policyId, error }: ValidationError) =>
    faultOf(error, policyId, starts.get(policyId) ?? 0);
  return {
    faults: answer.validationErrors.map(told),
    warnings: answer.validationWarnings.map(told),
  };
}

/** `action == Mcp::Action::"call"` reads as if it were all calls. */
function unlistedOnly(outlines: readonly PolicyOutline[]): TextFault[] {
  return outlines.flatMap(({ id, json, startByte }) => {
    const { op, entity } = json.action as { op: string; entity?: { id?: string } };
    if (op !== "==" || entity?.id !== "call") return [];
    const message = `for policy \`${id}\`, action == "call" matches only tools that no list has`;
    const help = 'action in Mcp::Action::"call" matches every call';
    return [{ ...plainFault(message, id, startByte), help }];
  });
}

function inputReads(outlines: readonly PolicyOutline[]): InputReads {
  const readers = outlines.filter(({ readsInput }) => readsInput);
  if (readers.length === 0) return "none";
  const members = new Set<string>();
  const areKnown = readers.every(({ json }) => collectInputReads(json.conditions, members));
  return areKnown ? [...members].sort() : "all";
}
