/** Tools of an org of a test's own, as if its plugins had listed them. In workerd. */
import "#capabilities.ts";
import type { SchemaTool } from "#gateway/policy/engine-protocol.ts";
import type { PolicyTool } from "#gateway/policy/question.ts";
import { registerToolSource, toolSource } from "#gateway/policy/tool-source.ts";

const toolsByOrg = new Map<string, readonly SchemaTool[]>();
const others = toolSource();

registerToolSource({
  schemaTools: async (env, org) => toolsByOrg.get(org.org) ?? (await others.schemaTools(env, org)),
  findTool: async (env, org, place) => {
    const own = toolsByOrg.get(org.org);
    if (own === undefined) return others.findTool(env, org, place);
    const { workspace, plugin, tool } = place;
    const isAsked = (one: SchemaTool) =>
      one.workspace === workspace && one.plugin === plugin && one.name === tool;
    return own.find(isAsked) ?? null;
  },
});

/** Of the plugin `w/p`. */
export function giveTools(org: string, tools: readonly PolicyTool[], plugin = "p"): void {
  const given = tools.map((tool) => ({ workspace: "w", plugin, ...tool }));
  toolsByOrg.set(org, [...(toolsByOrg.get(org) ?? []), ...given]);
}
