/**
 * What policy has to know of plugins' tools beyond a call's own: whoever learns them registers here (as in
 * src/capabilities.ts) how they are found.
 */
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import type { SchemaTool } from "./engine-protocol.ts";
import type { PolicyTool } from "./question.ts";

export interface ToolSource {
  /** All that the org's plugins have now. */
  schemaTools(env: Env, org: Org): Promise<readonly SchemaTool[]>;
  /** Null: the plugin's list has none of that name, or there is no such plugin. */
  findTool(
    env: Env,
    org: Org,
    place: { workspace: string; plugin: string; tool: string },
  ): Promise<PolicyTool | null>;
}

const NO_TOOLS: ToolSource = {
  schemaTools: () => Promise.resolve([]),
  findTool: () => Promise.resolve(null),
};

let source = NO_TOOLS;

export function registerToolSource(registered: ToolSource): void {
  source = registered;
}

export function toolSource(): ToolSource {
  return source;
}
