/** Decides in a loop, by the policy engine that it is bound to: what a decision costs without HTTP around it. */

import { app } from "#app.ts";
import { decide } from "#gateway/policy/decide.ts";
import { permittedNames } from "#gateway/policy/filter-list.ts";
import type { PolicyTarget, Question } from "#gateway/policy/question.ts";
import type { Org } from "#orgs/org.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";

export { Ledger } from "#audit/ledger/ledger.ts";
export { JobRun } from "#cron.ts";

const INPUT_SCHEMA = {
  type: "object",
  properties: { path: { type: "string" }, amount: { type: "integer" } },
  required: ["path"],
};

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (!pathname.startsWith("/bench/policy/")) return app.fetch(request, env, ctx);
    const org = await findOrg(env.DIRECTORY, searchParams.get("org") ?? "");
    if (org === null) return new Response("no such org", { status: 404 });
    const number = (name: string, otherwise: number) => Number(searchParams.get(name) ?? otherwise);
    const targets = Array.from({ length: number("tools", 1) }, (_, index) => targetOf(`t${index}`));
    const question = questionOf(org, targets[0]!, number("characters", 10));
    const permitted = pathname.endsWith("/list")
      ? () => listed(env, question, targets)
      : () => decided(env, question);
    let count = 0;
    for (let time = 0; time < number("times", 1); time += 1) count += await permitted();
    return Response.json({ permitted: count });
  },
} satisfies ExportedHandler<Env>;

function targetOf(name: string): PolicyTarget {
  return { kind: "tool", name, tool: { name, definition: { inputSchema: INPUT_SCHEMA } } };
}

function questionOf(org: Org, target: PolicyTarget, characters: number): Question {
  return {
    org,
    caller: { actor: "user:alice@acme", groups: ["dev"], tags: {}, tokenId: "t", clientId: null },
    workspace: "w",
    plugin: "p0",
    nowMs: Date.now(),
    version: "2026-07-28",
    action: "call",
    target,
    arguments: { path: "a".repeat(characters), amount: 5 },
  };
}

async function decided(env: Env, question: Question): Promise<number> {
  return (await decide(env, question)).isPermitted ? 1 : 0;
}

async function listed(
  env: Env,
  question: Question,
  targets: readonly PolicyTarget[],
): Promise<number> {
  const names = await permittedNames(env, question, targets);
  return names === "all" ? targets.length : names.size;
}
