/** A deployment with other settings than the one whose logs there are, and what it tells of itself. */
import { afterEach, beforeEach, type MockInstance, vi } from "vitest";
import { app } from "#app.ts";
import type { Env } from "#platform/env.ts";
import { ADMIN_TOKEN, workerEnv } from "../harness/deployment.ts";
import { makeOrg } from "../harness/orgs.ts";
import { signHead } from "./audit-client.ts";

/** 32 bytes of 0x01: another secret than the tests' own. */
export const OTHER_SEED = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/** A deployment of its own environment, which no isolate remembers anything of. */
export const deployed = (more: Record<string, unknown> = {}) => ({ ...workerEnv, ...more }) as Env;
export const wrongSeed = () => deployed({ MCPG_LEDGER_SEED: OTHER_SEED });

export const logOf = (org: string) => ({ org, log: 1, shard: "SHARD_0" });

export function ask(env: Env, path: string, method = "GET"): Promise<Response> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  return Promise.resolve(app.request(`https://mcpg.test${path}`, { method, headers }, env));
}

export async function misconfiguredIn(env: Env, org: string): Promise<string | null> {
  const answer = await ask(env, `/v1/orgs/${org}/audit/status`);
  return ((await answer.json()) as { misconfigured: string | null }).misconfigured;
}

export async function gaugeIn(env: Env, org: string, setting: string): Promise<string | undefined> {
  const page = await (await ask(env, `/v1/orgs/${org}/metrics`)).text();
  return page
    .split("\n")
    .find((line) => line === `mcpg_audit_misconfigured{org="${org}",setting="${setting}"} 1`);
}

let logged: MockInstance<typeof console.error>;

/** All that was logged, as one text. */
export const logText = () => JSON.stringify(logged.mock.calls);
export const loggedLines = () => logged.mock.calls.length;
export const forgetLogged = () => logged.mockClear();

/** Names of settings that were logged. */
export function loggedSettings(): string[] {
  const lines = logged.mock.calls.map(([line]) => JSON.parse(String(line)));
  return lines.flatMap(({ errors }) => errors.flatMap(({ setting = [] }) => setting));
}

export async function forgetSeeds(): Promise<void> {
  await workerEnv.DIRECTORY.prepare("DELETE FROM ledger_seeds").run();
}

/** For each test of a file that has a runtime of its own: no log is signed yet and no seed kept. */
export function beginWithoutLogs(): void {
  // Alarms go by another clock; what fails on purpose is logged.
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    logged = vi.spyOn(console, "error").mockReturnValue();
    await forgetSeeds();
    await workerEnv.SHARD_0.prepare("DELETE FROM audit_logs").run();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
}

export async function signedOrg(): Promise<string> {
  const org = await makeOrg();
  await signHead(org);
  return org;
}
