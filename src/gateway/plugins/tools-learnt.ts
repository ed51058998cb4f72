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

type TellTools = (env: Env, org: Org, tools: readonly NamedTool[]) => Promise<void>;

export interface ToolsWatcher {
  /** Idempotent: the same tools are told again whenever they are listed. */
  readonly learnt: TellTools;
  /** Of a plugin that was removed. */
  readonly gone: TellTools;
}

let registered: ToolsWatcher | null = null;

export function registerToolsWatcher(watcher: ToolsWatcher): void {
  registered = watcher;
}

export function placedNames(
  { workspace, plugin }: Omit<NamedTool, "tool">,
  names: Iterable<string>,
): NamedTool[] {
  return Array.from(names, (tool) => ({ workspace, plugin, tool }));
}

export function tellToolsLearnt(env: Env, org: Org, tools: readonly NamedTool[]): Promise<void> {
  return tell("learnt", env, org, tools);
}

export function tellToolsGone(env: Env, org: Org, tools: readonly NamedTool[]): Promise<void> {
  return tell("gone", env, org, tools);
}

/** What fails costs nobody his list or his plugin. */
async function tell(
  what: keyof ToolsWatcher,
  env: Env,
  org: Org,
  tools: readonly NamedTool[],
): Promise<void> {
  if (registered === null || tools.length === 0) return;
  try {
    await registered[what](env, org, tools);
  } catch (error) {
    logError(error, { org: org.org, work: "counting a plugin's tools from zero" });
  }
}
