import { describe, expect, it } from "vitest";
import { decide } from "#gateway/policy/decide.ts";
import type { PolicyEngineRpc } from "#gateway/policy/engine-protocol.ts";
import { permittedNames } from "#gateway/policy/filter-list.ts";
import type { Question } from "#gateway/policy/question.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { orgNamed, orgWith, questionOf } from "./supposed-org.ts";

const ALL = "permit(principal, action, resource);";

/** The deployment with another policy engine. */
function withEngine(engine: Partial<PolicyEngineRpc> | undefined): Env {
  const { POLICY: _, ...env } = workerEnv;
  return { ...env, ...(engine !== undefined && { POLICY: engine as unknown as Service }) };
}

const isPermitted = async (env: Env, org: Org) => (await decide(env, questionOf(org))).isPermitted;

describe("A decision", () => {
  it.each<[string, Partial<PolicyEngineRpc> | undefined]>([
    ["is not bound", undefined],
    ["throws", { answer: () => Promise.reject(new Error("SECRET")) }],
    ["knows no set, whatever it is sent", { answer: () => Promise.resolve(null) }],
    ["answers nothing", { answer: () => Promise.resolve([]) }],
  ])("denies where the engine %s, whatever the default", async (_what, engine) => {
    for (const defaultEffect of ["permit", "deny"] as const) {
      const org = await orgWith(ALL, defaultEffect);
      expect(await isPermitted(workerEnv, org)).toBe(true);
      const decision = await decide(withEngine(engine), questionOf(org));
      expect(decision).toMatchObject({ isPermitted: false, reason: "evaluation_failed" });
      const { target: _target, arguments: _arguments, ...question } = questionOf(org);
      const { target } = questionOf(org);
      expect(await permittedNames(withEngine(engine), question, [target])).toEqual(new Set());
    }
  });

  it("denies where the policy cannot be read, and says so", async () => {
    const org = await orgNamed(await makeOrg());
    const DIRECTORY = {
      prepare: () => {
        throw new Error("D1_ERROR: Network connection lost");
      },
    };
    const env = { ...workerEnv, DIRECTORY: DIRECTORY as unknown as D1Database };
    expect(await decide(env, questionOf(org))).toEqual({
      isPermitted: false,
      policySet: "unknown",
      policies: [],
      reason: "policy_unavailable",
    });
    expect(await isPermitted(workerEnv, org)).toBe(true);
  });

  it("never asks the engine for an org that has no policy, or an empty one", async () => {
    const asked: string[] = [];
    const note = (name: string) => async () => {
      asked.push(name);
      return null;
    };
    const env = withEngine({ answer: note("answer"), check: note("check") } as never);
    const [none, empty] = [await orgNamed(await makeOrg()), await orgWith(" \n", "permit")];
    expect(await isPermitted(env, none)).toBe(true);
    expect(await isPermitted(env, empty)).toBe(true);
    expect(asked).toEqual([]);
  });

  it("sends the text once for all that follow, and arguments only where a policy reads them", async () => {
    const org = await orgWith(ALL);
    const sent: unknown[] = [];
    const engine: Partial<PolicyEngineRpc> = {
      answer: (question) => {
        sent.push(question);
        return (workerEnv.POLICY as unknown as PolicyEngineRpc).answer(question);
      },
    };
    const question: Question = questionOf(org, { arguments: { token: "SECRET" } });
    for (let times = 0; times < 3; times += 1) await decide(withEngine(engine), question);
    const texts = sent.filter((one) => (one as { policies: unknown }).policies !== null);
    expect(texts.length).toBeLessThanOrEqual(1);
    expect(JSON.stringify(sent)).not.toContain("SECRET");
  });

  it("of an org that is being deleted has no policy to put", async () => {
    const org = await makeOrg();
    await call("DELETE", `/v1/orgs/${org}`);
    const body = { policies: ALL, default: "deny" };
    expect((await call("PUT", `/v1/orgs/${org}/policy`, { body })).status).toBe(404);
    const rows = await workerEnv.DIRECTORY.prepare("SELECT org FROM policies WHERE org = ?1")
      .bind(org)
      .all();
    expect(rows.results).toEqual([]);
  });

  it("goes with its org", async () => {
    const org = await orgWith(ALL);
    await call("DELETE", `/v1/orgs/${org.org}`);
    const rows = await workerEnv.DIRECTORY.prepare("SELECT org FROM policies WHERE org = ?1")
      .bind(org.org)
      .all();
    expect(rows.results).toEqual([]);
  });
});

describe("The engine", () => {
  it("forgets the oldest sets, asks for their text again, and decides by no other's", async () => {
    const permits = (name: string) =>
      `permit(principal == Mcp::User::"user:${name}", action, resource);`;
    const engine = workerEnv.POLICY as unknown as PolicyEngineRpc;
    const org = await orgNamed(await makeOrg());
    const names = Array.from({ length: 80 }, (_, index) => `n${index}`);
    const { engineRequest } = await import("#gateway/policy/engine-request.ts");
    const requestOf = (name: string) => {
      const caller = { ...questionOf(org).caller, actor: `user:${name}` };
      return engineRequest(questionOf(org, { caller }), { reads: "none", charactersMax: 1_000 })!;
    };
    const kinds = async (name: string, as: string, withText: boolean) => {
      const policies = withText ? permits(name) : null;
      const hash = `test-${org.org}-${name}`;
      const question = { hash, policies, requests: [requestOf(as)], explains: false };
      return (await engine.answer(question))?.map(({ kind }) => kind) ?? null;
    };
    for (const name of names) {
      expect(await kinds(name, name, true)).toEqual(["permit"]);
      expect(await kinds(name, "other", false)).toEqual(["silent"]);
    }
    expect(await kinds("n0", "n0", false)).toBeNull();
    expect(await kinds("n0", "n0", true)).toEqual(["permit"]);
    expect(await kinds("n79", "n79", false)).toEqual(["permit"]);
    expect(await kinds("n0", "n79", false)).toEqual(["silent"]);
  });
});
