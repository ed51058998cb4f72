import { createExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { app } from "#app.ts";
import type { Env } from "#platform/env.ts";
import { auditEntries } from "../audit/audit-client.ts";
import { refusal, requireStatus } from "../harness/answers.ts";
import { call, envWithShard, workerEnv } from "../harness/deployment.ts";
import { LOST } from "../harness/watched-d1.ts";
import { keptCall, type PayloadOrg, payloadOrg, view, viewed } from "./payload-kit.ts";

const SECRET = "what nobody may see";

async function keptSecret(): Promise<{ of: PayloadOrg; id: string }> {
  const of = await payloadOrg();
  const id = await keptCall(of.org, { request_payload: SECRET, response_payload: SECRET });
  return { of, id };
}

/** The view in a deployment that something is wrong with. */
async function viewIn(env: Env, { org, reader }: PayloadOrg, id: string): Promise<Response> {
  const url = `https://mcpg.test/v1/orgs/${org}/invocations/${id}/payload?reason=why`;
  const request = new Request(url, { headers: { authorization: `Bearer ${reader}` } });
  return app.fetch(request, env, createExecutionContext());
}

const views = (org: string) => auditEntries(org, "?action=operator.payload.viewed");

/** A ledger that answers so in place of an append, or once it is done. */
function envWithLedger(append: (real: () => Promise<unknown>) => Promise<unknown>): Env {
  const LEDGER = {
    getByName: (name: string) =>
      new Proxy(workerEnv.LEDGER.getByName(name), {
        get(stub, property) {
          const method = Reflect.get(stub, property) as (...args: unknown[]) => Promise<unknown>;
          if (typeof method !== "function") return method;
          const real = (...args: unknown[]) =>
            Reflect.apply(method, stub, args) as Promise<unknown>;
          if (property !== "append") return real;
          return (...args: unknown[]) => append(() => real(...args));
        },
      }),
  };
  return { ...workerEnv, LEDGER: LEDGER as unknown as Env["LEDGER"] };
}

describe("The record of a view", () => {
  it("says who, which and why, and is there before the answer is", async () => {
    const { of, id } = await keptSecret();
    expect((await viewed(of, id)).request).toBe(SECRET);
    const [entry, ...others] = await views(of.org);
    expect(others).toEqual([]);
    expect(entry?.event).toMatchObject({
      outcome: "allowed",
      invocation_id: id,
      target: `invocation://${id}`,
      details: { reason: "a test" },
    });
    expect(entry?.event["actor"]).toMatch(/^service:/);
    expect(JSON.stringify(entry)).not.toContain(SECRET);
  });

  it("has an entry for each view, and none for what is not there", async () => {
    const { of, id } = await keptSecret();
    await Promise.all([viewed(of, id), viewed(of, id), viewed(of, id)]);
    await view(of, "0193f3a0-1234-7000-8000-0123456789ab");
    expect(await views(of.org)).toHaveLength(3);
  });
});

describe("A view shows nothing", () => {
  const failures: Record<string, (real: () => Promise<unknown>) => Promise<unknown>> = {
    "where the ledger cannot be reached": () => Promise.reject(new Error(LOST)),
    "where the ledger's answer is lost": async (real) => {
      await real();
      throw Object.assign(new Error("reset"), { remote: true });
    },
    "where the ledger is frozen": async () => ({ kind: "frozen", reason: "a test" }),
    "where the ledger is full": async () => ({ kind: "full" }),
    "where the ledger refuses the entry": async () => ({ kind: "too_large", index: 0 }),
  };

  it.each(Object.entries(failures))("%s", async (_, failing) => {
    const { of, id } = await keptSecret();
    const answer = await viewIn(envWithLedger(failing), of, id);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await answer.text()).not.toContain(SECRET);
  });

  it("where D1 fails at any step, before the entry or after it", async () => {
    const { of, id } = await keptSecret();
    for (let failAt = 0; ; failAt += 1) {
      let calls = 0;
      const env = envWithShard(async (_, send) => {
        calls += 1;
        if (calls - 1 === failAt) throw new Error(LOST);
        return send();
      });
      const answer = await viewIn(env, of, id);
      const text = await answer.text();
      if (answer.status === 200) {
        expect(failAt).toBeGreaterThanOrEqual(2);
        return;
      }
      expect(text).not.toContain(SECRET);
    }
  });

  it("of a payload that is erased between its entry and its reading", async () => {
    const { of, id } = await keptSecret();
    const env = envWithLedger(async (real) => {
      const appended = await real();
      const path = `/v1/orgs/${of.org}/invocations/${id}/payload?reason=gone`;
      await requireStatus(200, call("DELETE", path));
      return appended;
    });
    expect(await refusal(viewIn(env, of, id))).toEqual([404, "not_found"]);
  });

  it("and leaves no entry, where the ledger has not taken it", async () => {
    const { of, id } = await keptSecret();
    await (
      await viewIn(
        envWithLedger(() => Promise.reject(new Error(LOST))),
        of,
        id,
      )
    ).text();
    expect(await views(of.org)).toEqual([]);
  });
});
