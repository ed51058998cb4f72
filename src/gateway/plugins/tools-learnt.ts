/**
 * Who is told of the tools that a plugin's list has: whoever counts calls shows them at zero. Registered in
 * src/capabilities.ts.
 */
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { logError } from "#platform/log-error.ts";

export interface NamedTool {
  readonly workspace: string;
  readonly plugin: string;
  readonly tool: string;
}

/** Idempotent: the same tools are told again whenever their list changes. */
type ToolsLearnt = (env: Env, org: Org, tools: readonly NamedTool[]) => Promise<void>;

let registered: ToolsLearnt | null = null;

export function registerToolsLearnt(toolsLearnt: ToolsLearnt): void {
  registered = toolsLearnt;
}

export async function tellToolsLearnt(
  env: Env,
  org: Org,
  tools: readonly NamedTool[],
): Promise<void> {
  if (registered === null || tools.length === 0) return;
  try {
    await registered(env, org, tools);
  } catch (error) {
    logError(error, { org: org.org, work: "counting a plugin's tools from zero" });
  }
}
