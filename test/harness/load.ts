/** Tool calls as a fleet reports them; the same for us and for every baseline. */
import { randomFillSync } from "node:crypto";
import { uuid7FromRandom } from "#formats/uuid7.ts";

export interface LoadSample {
  id: string;
  workspace: string;
  plugin: string;
  tool: string;
  started_at: string;
  duration_ms: number;
  outcome: string;
  actor: string;
  trace_id: string;
  span_id: string;
  request_bytes: number;
  response_bytes: number;
}

/** Seeded (mulberry32), so that two runs send the same figures. */
export function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function hex(bytes: number): string {
  return randomFillSync(Buffer.alloc(bytes)).toString("hex");
}

/** Log-normal around 150 ms: about 80 to 120 buckets per busy series. */
function durationMs(random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.round(150 * Math.exp(1.1 * normal) * 1e3) / 1e3;
}

export function makeLoadSample(
  tool: number,
  random: () => number,
  startedAtMs = Date.now() - Math.floor(random() * 1_000),
): LoadSample {
  return {
    id: uuid7FromRandom(startedAtMs, randomFillSync(new Uint8Array(10))),
    workspace: "prod",
    plugin: `plugin-${tool % 20}`,
    tool: `tool_${tool}`,
    started_at: new Date(startedAtMs).toISOString(),
    duration_ms: durationMs(random),
    outcome: random() < 0.05 ? "server_error" : "ok",
    actor: `user:${tool % 97}@acme`,
    trace_id: hex(16),
    span_id: hex(8),
    request_bytes: 120,
    response_bytes: 9_000,
  };
}

const lastSeqs = new Map<string, number>();

export function reportBody(samples: readonly Omit<LoadSample, "id">[], instance = "gw-1"): string {
  const epoch = "2026-11-22T07:00:00Z";
  const seq = (lastSeqs.get(instance) ?? 0) + 1;
  lastSeqs.set(instance, seq);
  return JSON.stringify({ instance_id: instance, epoch, seq, dropped: 0, invocations: samples });
}

/** What a report of a busy fleet spans. */
const REPORT_SPAN_MS = 20;

/** Reports of `size` samples, each of a random one of `tools`; one report follows the other in time. */
export function makeReports(
  count: number,
  size: number,
  tools: number,
  seed: number,
  { spanMs = REPORT_SPAN_MS, endMs = Date.now() } = {},
) {
  const random = randomSource(seed);
  const firstMs = endMs - count * spanMs;
  return Array.from({ length: count }, (_, report) =>
    Array.from({ length: size }, () => {
      const startedAtMs = firstMs + Math.floor((report + random()) * spanMs);
      return makeLoadSample(Math.floor(random() * tools), random, startedAtMs);
    }),
  );
}
