/**
 * What Cedar knows things by. A tool's id is `<workspace>/<plugin>/<tool>`: what stands before the second `/` has
 * none of its own, so that two tools never share an id, whatever their names hold.
 */

export interface EntityId {
  readonly type: string;
  readonly id: string;
}

/** A name before a separator. Most are `[a-z0-9-]` and stay as they are. */
function escapeName(name: string): string {
  return name.replaceAll("%", "%25").replaceAll("/", "%2F");
}

export function workspaceEntity(workspace: string): EntityId {
  return { type: "Mcp::Workspace", id: escapeName(workspace) };
}

export function pluginEntity(workspace: string, plugin: string): EntityId {
  return { type: "Mcp::Plugin", id: `${escapeName(workspace)}/${escapeName(plugin)}` };
}

/** Of a tool, a resource or a prompt. */
export function memberEntity(
  type: "Mcp::Tool" | "Mcp::Resource" | "Mcp::Prompt",
  plugin: EntityId,
  name: string,
): EntityId {
  return { type, id: `${plugin.id}/${name}` };
}

export function actionEntity(id: string): EntityId {
  return { type: "Mcp::Action", id };
}

/** `user:…` is a person; a service, an agent and whatever else acts is a service. */
export function principalEntity(actor: string): EntityId {
  return { type: actor.startsWith("user:") ? "Mcp::User" : "Mcp::Service", id: actor };
}

/** `w/p` of `w/p/t` and of `w/p`; null where it has no plugin. */
export function pluginIdOf(id: string): string | null {
  const first = id.indexOf("/");
  if (first === -1) return null;
  const second = id.indexOf("/", first + 1);
  return second === -1 ? id : id.slice(0, second);
}
