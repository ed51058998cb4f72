/** Whether a text may be an org's policy: it parses, and validates strictly against what there is to speak of. */
import type { SchemaJson, ValidationError } from "@cedar-policy/cedar-wasm";
import type { SchemaTool, TextCheck, TextFault } from "#gateway/policy/engine-protocol.ts";
import { memberEntity, pluginEntity, workspaceEntity } from "#gateway/policy/entity-ids.ts";
import type { InputReads } from "#gateway/policy/typed-input.ts";
import type { CedarInstance } from "./cedar.ts";
import { collectEntityIds, collectInputReads } from "./policy-expression.ts";
import { faultOf, outlinePolicies, type PolicyOutline, plainFault } from "./policy-outline.ts";
import { policySchema } from "./policy-schema.ts";
import { rehearse } from "./rehearse.ts";
import { reaches } from "./tool-reach.ts";

/**
 * Validation takes a policy once for each action and kind of principal: of more tools than this those that read
 * arguments take seconds (measured by the bench `policy`).
 */
export const SCHEMA_TOOLS_MAX = 256;

export function checkText(
  cedar: CedarInstance,
  text: string,
  tools: readonly SchemaTool[] | null,
): TextCheck {
  const outlines = outlinePolicies(cedar, text);
  if ("faults" in outlines) return { kind: "refused", faults: outlines.faults };
  const special = outlines.filter((outline) => speaksOfTools(outline));
  if (special.length > 0 && tools === null) {
    return { kind: "needs_tools", reaches: special.map(({ reach }) => reach) };
  }
  const reached = (tools ?? []).filter((tool) => isReached(tool, special));
  if (reached.length > SCHEMA_TOOLS_MAX) {
    const message = `policies that read arguments may reach ${SCHEMA_TOOLS_MAX} tools, and reach ${reached.length}: name workspaces, plugins or tools in their scope`;
    return { kind: "refused", faults: [plainFault(message, null, 0)] };
  }
  const plain = outlines.filter((outline) => !special.includes(outline));
  const validated = [
    validation(cedar, plain, policySchema([])),
    validation(cedar, special, policySchema(reached)),
  ];
  const faults = validated.flatMap((one) => one.faults);
  if (faults.length > 0) return { kind: "refused", faults };
  rehearse(cedar, outlines);
  const warnings = [...validated.flatMap((one) => one.warnings), ...unlistedOnly(outlines)];
  const ids = outlines.map(({ id }) => id);
  return { kind: "sound", ids, reads: inputReads(outlines), warnings };
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

interface Validation {
  readonly faults: TextFault[];
  readonly warnings: TextFault[];
}

function validation(
  cedar: CedarInstance,
  outlines: readonly PolicyOutline[],
  schema: SchemaJson<string>,
): Validation {
  if (outlines.length === 0) return { faults: [], warnings: [] };
  const staticPolicies = Object.fromEntries(outlines.map(({ id, source }) => [id, source]));
  const settings = { validationSettings: { mode: "strict" as const } };
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
