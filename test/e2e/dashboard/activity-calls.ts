/** Calls of the last three quarters of an hour, of every outcome, some with names that are meant to do harm. */
import type { Runtime } from "../../harness/runtime.ts";

export interface SentCall {
  readonly workspace: string;
  readonly plugin: string;
  readonly tool: string;
  readonly started_at: string;
  readonly duration_ms: number;
  readonly outcome: string;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly actor: string;
}

export const HOSTILE_TOOLS = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(2)>',
  "\u202egnp.exe",
  `${"x".repeat(120)}\u{1f5c2}`,
  "p\u0430ypal",
] as const;

const TOOLS = ["list_repos", "create_issue", "search_code", "query", ...HOSTILE_TOOLS];
const PLUGINS = ["github", "postgres", "=HYPERLINK(1)"] as const;
const CODES: Readonly<Record<string, string>> = {
  client_error: "-32602",
  server_error: "upstream_503",
  policy_denied: "policy_denied",
  quota_exceeded: "rate_limited",
};

/** Seeded (mulberry32), so that a failure can be looked at again. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function outcomeOf(random: number, isIncident: boolean): string {
  if (isIncident && random < 0.4) return "server_error";
  if (random < 0.8) return "ok";
  const rest = ["client_error", "server_error", "policy_denied", "quota_exceeded"];
  return rest[Math.floor((random - 0.8) * 30)] ?? "idempotent_replay";
}

/** What ends before two minutes ago: nothing of it is still on its way. */
export function makeCalls(nowMs: number, count: number): SentCall[] {
  const random = generator(12);
  return Array.from({ length: count }, () => {
    const agoMs = 120_000 + Math.floor(random() * 43 * 60_000);
    const isIncident = agoMs > 15 * 60_000 && agoMs < 20 * 60_000;
    const outcome = outcomeOf(random(), isIncident);
    const slow = outcome === "server_error" ? 5_000 : 40;
    const code = CODES[outcome] ?? null;
    return {
      workspace: random() < 0.8 ? "prod" : "staging",
      plugin: PLUGINS[Math.floor(random() ** 2 * PLUGINS.length)]!,
      tool: TOOLS[Math.floor(random() ** 1.5 * TOOLS.length)]!,
      started_at: new Date(nowMs - agoMs).toISOString(),
      duration_ms: Math.round(slow * Math.exp(random() * 3) * 1e3) / 1e3,
      outcome,
      error_code: code,
      error_message: code === null ? null : `${code} of ${Math.floor(random() * 100)}`,
      actor: `user:${["alice", "bob", "carol"][Math.floor(random() * 3)]}@acme`,
    };
  });
}

const REPORT_MAX = 1000;

export async function sendCalls(
  runtime: Runtime,
  org: string,
  calls: readonly SentCall[],
): Promise<void> {
  const epoch = new Date(Date.now() - 3_600_000).toISOString();
  for (let start = 0; start < calls.length; start += REPORT_MAX) {
    const invocations = calls.slice(start, start + REPORT_MAX);
    const report = { instance_id: "gw-1", epoch, seq: start / REPORT_MAX, invocations };
    await runtime.json("POST", `/v1/orgs/${org}/invocations`, report);
  }
}
