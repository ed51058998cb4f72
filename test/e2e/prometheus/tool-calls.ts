/** The tools that the fleet of this suite calls, and what each of their calls is. */
import { randomFillSync } from "node:crypto";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { hex, type LoadSample } from "../../harness/load.ts";

export interface Tool {
  workspace: string;
  plugin: string;
  tool: string;
}

/** One call in five fails, in every batch and so in every window. */
export const FLAKY: Tool = { workspace: "prod", plugin: "github", tool: "flaky" };
/** Three calls in a hundred fail: below the alert's 5 %. Its durations are those of `steadySeconds`. */
export const STEADY: Tool = { workspace: "prod", plugin: "github", tool: "steady" };
/** Called before the first scrape and never again. */
export const IDLE: Tool = { workspace: "prod", plugin: "github", tool: "idle" };
/** Its calls began three hours ago and arrive all the time: they count, and no current window has them. */
export const LATE: Tool = { workspace: "prod", plugin: "github", tool: "late" };
/** Unknown until its only report, in which every call fails. */
export const NEWBORN: Tool = { workspace: "prod", plugin: "github", tool: "newborn" };
/** 0 ms: the native zero bucket. */
export const INSTANT: Tool = { workspace: "prod", plugin: "github", tool: "instant" };
/** Five minutes: far above what most calls take, and yet between two bounds. */
export const SLOW: Tool = { workspace: "prod", plugin: "github", tool: "slow" };
export const SLOW_SECONDS = 300;
/** 0.3 ms: a cache answers. */
export const FAST: Tool = { workspace: "prod", plugin: "github", tool: "fast" };
export const FAST_SECONDS = 0.000_3;

const HOUR_MS = 3_600_000;

/** What label values have broken elsewhere: escapes, line ends, bytes beyond ASCII, white space at the ends. */
export const HOSTILE_NAMES = [
  "quote \" and '",
  "backslash \\ and \\n and \\",
  "line feed \n in the middle\n",
  "carriage return \r and both \r\n.",
  "emoji 🧨 family 👩\u200d👩\u200d👧 accents \u00e9 e\u0301",
  "tab \t escape \u001b delete \u007f next line \u0085 separators \u2028\u2029",
  "\ufeffbyte order mark and right-to-left \u202e",
  '",tool="forged",x="',
  "} 1\n# EOF",
  " white space at both ends ",
  "𝒳".repeat(64),
];

export const HOSTILE: readonly Tool[] = HOSTILE_NAMES.map((name) => ({
  workspace: name,
  plugin: `hostile ${name}`.slice(0, 128),
  tool: name,
}));

/** Log-logistic around 150 ms: quantiles in closed form, and a tail. */
export function steadySeconds(quantile: number): number {
  return 0.15 * (quantile / (1 - quantile)) ** 0.6;
}

/** Multiples of the golden ratio spread evenly over (0, 1), in any window as well as in all. */
export function steadyDurationMs(index: number): number {
  const spread = (0.5 + index * 0.618_033_988_749_895) % 1;
  return Math.round(steadySeconds(spread) * 1e6) / 1e3;
}

const ERRORS = ["server_error", "client_error", "policy_denied", "quota_exceeded"] as const;

export function flakyOutcome(index: number): string {
  return index % 5 === 4 ? (ERRORS[Math.floor(index / 5) % ERRORS.length] ?? "") : "ok";
}

export function steadyOutcome(index: number): string {
  return Math.floor((index + 1) * 0.03) > Math.floor(index * 0.03) ? "server_error" : "ok";
}

export function makeCall(
  { workspace, plugin, tool }: Tool,
  durationMs: number,
  outcome = "ok",
  nowMs = Date.now(),
): LoadSample {
  const startedAtMs = Math.floor(nowMs - durationMs);
  return {
    id: uuid7FromRandom(startedAtMs, randomFillSync(new Uint8Array(10))),
    workspace,
    plugin,
    tool,
    started_at: new Date(startedAtMs).toISOString(),
    duration_ms: durationMs,
    outcome,
    actor: "user:alice@acme",
    trace_id: hex(16),
    span_id: hex(8),
    request_bytes: 120,
    response_bytes: 9_000,
  };
}

export function makeLateCall(): LoadSample {
  return makeCall(LATE, 30, "ok", Date.now() - 3 * HOUR_MS);
}
