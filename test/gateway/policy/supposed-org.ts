/** An org with a policy of a test's own, and questions about it. In workerd. */
import { decide } from "#gateway/policy/decide.ts";
import type { Decision, PolicyTool, Question } from "#gateway/policy/question.ts";
import type { Org } from "#orgs/org.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import { requireStatus } from "../../harness/answers.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";

export const ALICE = {
  actor: "user:alice@acme",
  groups: ["dev"],
  tags: { team: "blue" },
  tokenId: "t1",
  clientId: null,
};

export function toolOf(name: string, properties: object, required: string[] = []): PolicyTool {
  return { name, definition: { name, inputSchema: { type: "object", properties, required } } };
}

export interface Told {
  status: number;
  body: Record<string, unknown> & { errors?: Record<string, unknown>[]; hash: string };
}

export async function putPolicy(
  org: string,
  policies: string,
  defaultEffect: "permit" | "deny" = "deny",
): Promise<Told> {
  const body = { policies, default: defaultEffect };
  const response = await call("PUT", `/v1/orgs/${org}/policy`, { body });
  return { status: response.status, body: await response.json() };
}

/** An org with that policy. */
export async function orgWith(
  policies: string,
  defaultEffect: "permit" | "deny" = "deny",
): Promise<Org> {
  const name = await makeOrg();
  const body = { policies, default: defaultEffect };
  await requireStatus(200, call("PUT", `/v1/orgs/${name}/policy`, { body }));
  return orgNamed(name);
}

export async function orgNamed(name: string): Promise<Org> {
  const org = await findOrg(workerEnv.DIRECTORY, name);
  if (org === null) throw new Error("the org is not there");
  return org;
}

export function questionOf(org: Org, asked: Partial<Question> = {}): Question {
  return {
    org,
    caller: ALICE,
    workspace: "w",
    plugin: "p",
    nowMs: Date.UTC(2026, 10, 28, 12),
    version: "2026-07-28",
    action: "call",
    target: { kind: "tool", name: "t", tool: toolOf("t", {}) },
    arguments: {},
    ...asked,
  };
}

export function ask(org: Org, asked: Partial<Question> = {}): Promise<Decision> {
  return decide(workerEnv, questionOf(org, asked));
}

export function askTool(org: Org, tool: PolicyTool, args: unknown): Promise<Decision> {
  return ask(org, { target: { kind: "tool", name: tool.name, tool }, arguments: args });
}
