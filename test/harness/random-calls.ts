/** Samples of every kind there is to ask for, drawn by a seed, and which of them a filter asks for: a plain count. */
import type { Call } from "#calls/call.ts";
import type { CallFilter } from "#calls/call-filter.ts";
import { OUTCOMES, type Outcome } from "#calls/outcome.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { invocation } from "./shard-org.ts";

const HOUR_MS = 3_600_000;

export type Random = () => number;

/** Seeded (mulberry32): a failure is told with its seed. */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)]!;
}

const ACTORS = [null, "", "user:alice", "user:bob", "__proto__", "user:%_'\"\\"];
const CODES = [null, "", "timeout", "-32602", "<script>"];
/** Most ids are of their calls' starts; the rest are off by a little, or by all that is allowed. */
const SKEWS_MS = [0, 0, 0, 0, 1, -1, 900, 61_000, -61_000, HOUR_MS, -HOUR_MS];

/** Began within `spanMs` before `beforeMs`. */
export function randomCall(random: Random, beforeMs: number, spanMs: number): Call {
  const startedAtMs = beforeMs - 1 - Math.floor(random() * spanMs);
  const skewMs = pick(random, SKEWS_MS);
  const outcome = pick(random, OUTCOMES);
  const isError = outcome !== "ok" && outcome !== "idempotent_replay";
  return {
    ...invocation({ started_at: startedAtMs, id: null }),
    id: uuid7FromRandom(startedAtMs + skewMs, bytes(random)),
    startedAtMs,
    outcome,
    workspace: pick(random, ["prod", "test"]),
    plugin: pick(random, ["github", "jira"]),
    tool: pick(random, ["list", "get", "delete"]),
    durationUs: Math.floor(random() ** 4 * 2_000_000),
    actor: pick(random, ACTORS),
    errorCode: isError ? pick(random, CODES) : null,
    errorHash: isError ? pick(random, [null, "a".repeat(64), "b".repeat(64)]) : null,
    errorFingerprint: isError ? pick(random, [null, "f1", "f2", "f3"]) : null,
    sessionId: pick(random, [null, "s1", "s2"]),
    requestId: pick(random, [null, "r1", "r2"]),
  };
}

function bytes(random: Random): Uint8Array {
  return Uint8Array.from({ length: 10 }, () => Math.floor(random() * 256));
}

/** Each member is there now and then. */
export function randomFilter(random: Random, beforeMs: number, spanMs: number): CallFilter {
  const maybe = <Value>(value: () => Value) => (random() < 0.25 ? value() : undefined);
  const at = () => beforeMs - Math.floor(random() * spanMs);
  const [fromMs, toMs] = [at(), at()].sort((a, b) => a - b);
  return {
    fromMs: random() < 0.7 ? fromMs : undefined,
    toMs: random() < 0.7 ? toMs : undefined,
    tool: maybe(() => pick(random, ["list", "get", "none"])),
    plugin: maybe(() => "github"),
    actor: maybe(() => pick(random, ACTORS) ?? ""),
    errorCode: maybe(() => pick(random, CODES) ?? ""),
    errorHash: maybe(() => pick(random, ["", "a".repeat(64)])),
    sessionId: maybe(() => pick(random, ["", "s1"])),
    requestId: maybe(() => pick(random, ["", "r2"])),
    outcomes: maybe((): readonly Outcome[] => ["ok", pick(random, OUTCOMES)]),
    minDurationUs: maybe(() => Math.floor(random() * 50_000)),
    maxDurationUs: maybe(() => Math.floor(random() * 2_000_000)),
  };
}

const EQUAL = [
  "workspace",
  "plugin",
  "tool",
  "actor",
  "traceId",
  "requestId",
  "sessionId",
  "errorCode",
  "errorHash",
  "errorFingerprint",
] as const;

export function isAskedFor(call: Call, filter: CallFilter): boolean {
  const { fromMs = -Infinity, toMs = Infinity, outcomes } = filter;
  const { minDurationUs = 0, maxDurationUs = Infinity } = filter;
  if (call.startedAtMs < fromMs || call.startedAtMs >= toMs) return false;
  if (call.durationUs < minDurationUs || call.durationUs > maxDurationUs) return false;
  if (outcomes !== undefined && !outcomes.includes(call.outcome)) return false;
  return EQUAL.every((name) => filter[name] === undefined || (call[name] ?? "") === filter[name]);
}
