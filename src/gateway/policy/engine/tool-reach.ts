/** What a policy's scope lets it say anything about. */
import type { PolicyJson } from "@cedar-policy/cedar-wasm";
import type { ToolReach } from "#gateway/policy/engine-protocol.ts";
import { pluginIdOf } from "#gateway/policy/entity-ids.ts";

interface Named {
  readonly type: string;
  readonly id: string;
}

const ANYWHERE: ToolReach = { workspaceId: null, pluginId: null, toolId: null };

/** Never narrower than what the policy can match: resource and action both have to. */
export function reachOf({ resource, action }: PolicyJson): ToolReach {
  const byResource = reachOfConstraint(resource as Constraint);
  return isAnywhere(byResource) ? reachOfConstraint(action as Constraint) : byResource;
}

/** Whether it may match what lies there. */
export function reaches(
  { workspaceId, pluginId, toolId }: ToolReach,
  place: { workspaceId: string; pluginId: string; toolId?: string },
): boolean {
  return (
    (workspaceId === null || workspaceId === place.workspaceId) &&
    (pluginId === null || pluginId === place.pluginId) &&
    (toolId === null || place.toolId === undefined || toolId === place.toolId)
  );
}

type Constraint = Readonly<Record<string, unknown>> & { readonly op: string };

/** `==`, `in`, `is … in`; and `in` a list, of which one may be the match. */
function reachOfConstraint(constraint: Constraint): ToolReach {
  const { entity, entities, in: within } = constraint;
  const { entity: outer } = (within ?? {}) as { entity?: unknown };
  const named =
    entity ?? outer ?? (Array.isArray(entities) && entities.length === 1 ? entities[0] : null);
  return named === null || named === undefined ? ANYWHERE : reachOfEntity(namedEntity(named));
}

function namedEntity(entity: unknown): Named {
  const { __entity } = entity as { __entity?: Named };
  return __entity ?? (entity as Named);
}

function reachOfEntity({ type, id }: Named): ToolReach {
  if (type === "Mcp::Workspace") return { ...ANYWHERE, workspaceId: id };
  const pluginId = pluginIdOf(id);
  if (pluginId === null) return ANYWHERE;
  const toolId = type === "Mcp::Tool" || type === "Mcp::Action" ? id : null;
  return { ...ANYWHERE, pluginId, toolId };
}

function isAnywhere({ workspaceId, pluginId, toolId }: ToolReach): boolean {
  return workspaceId === null && pluginId === null && toolId === null;
}
