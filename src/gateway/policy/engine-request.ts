/** A question in Cedar's terms: entities and context, all of them built here, none taken from a client. */
import type { EngineEntity, EngineRequest, Reading } from "./engine-protocol.ts";
import {
  actionEntity,
  type EntityId,
  memberEntity,
  pluginEntity,
  principalEntity,
  workspaceEntity,
} from "./entity-ids.ts";
import { inputTypeOf } from "./input-type.ts";
import type { PolicyTarget, PolicyTool, Question } from "./question.ts";
import { type CedarRecord, type InputTerms, typedInput } from "./typed-input.ts";

/** `arguments` absent: whether any would be permitted. */
export type EngineTerms = Omit<Question, "org" | "arguments"> & { readonly arguments?: unknown };

/** Null where a name has no UTF-8 form, which Cedar gives up on, or is longer than the set's patterns may be held to. */
export function engineRequest(question: EngineTerms, terms: InputTerms): EngineRequest | null {
  if (!isFit(question, terms)) return null;
  const { workspace, plugin, target } = question;
  const place = { workspace: workspaceEntity(workspace), plugin: pluginEntity(workspace, plugin) };
  const { resource, attrs } = resourceOf(place.plugin, target);
  const action = actionOfTarget(question, resource);
  const principal = principalEntity(question.caller.actor);
  const { reading, context } = readContext(question, terms);
  return {
    principal,
    action,
    resource,
    context,
    entities: [
      ...principalEntities(question, principal),
      { uid: action, attrs: {}, parents: action.id === "call" ? [] : callParent(question) },
      { uid: place.plugin, attrs: {}, parents: [place.workspace] },
      ...(target.kind === "plugin" ? [] : [{ uid: resource, attrs, parents: [place.plugin] }]),
    ],
    reading,
    workspaceId: place.workspace.id,
    pluginId: place.plugin.id,
    isUnlisted: target.kind === "tool" && target.tool === null,
  };
}

function callParent({ target }: EngineTerms): EntityId[] {
  return target.kind === "tool" && target.tool !== null ? [actionEntity("call")] : [];
}

function resourceOf(
  plugin: EntityId,
  target: PolicyTarget,
): { resource: EntityId; attrs: CedarRecord } {
  switch (target.kind) {
    case "tool": {
      const { name, tool } = target;
      const attrs = { name, ...(tool !== null && hintsOf(tool)) };
      return { resource: memberEntity("Mcp::Tool", plugin, name), attrs };
    }
    case "resource": {
      const { uri } = target;
      return { resource: memberEntity("Mcp::Resource", plugin, uri), attrs: { uri } };
    }
    case "prompt": {
      const { name } = target;
      return { resource: memberEntity("Mcp::Prompt", plugin, name), attrs: { name } };
    }
    case "plugin":
      return { resource: plugin, attrs: {} };
  }
}

/** The plugin's own word for what its tool does. */
function hintsOf({ definition }: PolicyTool): CedarRecord {
  const { annotations } = definition;
  const hints = (annotations ?? {}) as Readonly<Record<string, unknown>>;
  const known = ["readOnlyHint", "destructiveHint"].filter(
    (name) => typeof hints[name] === "boolean",
  );
  return Object.fromEntries(known.map((name) => [name, hints[name] as boolean]));
}

/** A tool that is listed has an action of its own, in `call`. */
function actionOfTarget({ action, target }: EngineTerms, resource: EntityId): EntityId {
  const isOwn = action === "call" && target.kind === "tool" && target.tool !== null;
  return actionEntity(isOwn ? resource.id : action);
}

function principalEntities({ caller }: EngineTerms, uid: EntityId): EngineEntity[] {
  const groups = [...new Set(caller.groups)].map((id) => ({ type: "Mcp::Group", id }));
  return [{ uid, attrs: {}, parents: groups, tags: caller.tags }];
}

function readContext(
  question: EngineTerms,
  terms: InputTerms,
): { reading: Reading; context: CedarRecord } {
  const { caller, nowMs, version, target, action } = question;
  const context: CedarRecord = {
    now: { __extn: { fn: "datetime", arg: new Date(nowMs).toISOString() } },
    ...(version !== null && { protocol: version }),
    ...(caller.tokenId !== null && { tokenId: caller.tokenId }),
    ...(caller.clientId !== null && { clientId: caller.clientId }),
  };
  const tool = action === "call" && target.kind === "tool" ? target.tool : null;
  if (terms.reads === "none" || tool === null) return { reading: "exact", context };
  if (!("arguments" in question)) return { reading: "most_lenient", context };
  const input = typedInput(inputTypeOf(tool.definition), question.arguments, terms);
  return input === null
    ? { reading: "strictest", context }
    : { reading: "exact", context: { ...context, input } };
}

function isFit(
  { caller, workspace, plugin, version, target }: EngineTerms,
  { charactersMax }: InputTerms,
): boolean {
  const { actor, groups, tags, tokenId, clientId } = caller;
  const name =
    target.kind === "resource" ? target.uri : target.kind === "plugin" ? "" : target.name;
  const texts = [actor, ...groups, ...Object.entries(tags).flat(), workspace, plugin, name];
  return [...texts, tokenId ?? "", clientId ?? "", version ?? ""].every(
    (text) => text.length <= charactersMax && text.isWellFormed(),
  );
}
