/** Fills the log that the benchmarks of reading need. */
import { AuditFleet, type AuditReport } from "../harness/audit-load.ts";
import type { Runtime } from "../harness/runtime.ts";
import { sendTimed, type TimedRequest } from "../harness/timed-requests.ts";
import type { Figure } from "./figure.ts";

export const ORG = "audit-large";
export const AUDIT_PATH = `/v1/orgs/${ORG}/audit`;
export const EVENTS = 256;
const CONNECTIONS = 4;
const LOG_DAYS = 10;
const DAY_MS = 86_400_000;
const SAMPLED_REPORTS = 500;

/** What queries ask for: a few of the reports that were sent. */
export interface Filled {
  entries: number;
  fromMs: number;
  toMs: number;
  samples: AuditReport[];
}

export async function fill(
  runtime: Runtime,
  entries: number,
): Promise<{ filled: Filled; figures: Figure[] }> {
  const toMs = Date.now();
  const fromMs = toMs - LOG_DAYS * DAY_MS;
  const load = { hasEventIds: true, tracedShare: 0.5 };
  const fleet = new AuditFleet(load, 1, { fromMs, stepMs: (toMs - fromMs) / entries });
  const samples: AuditReport[] = [];
  const requests = Math.ceil(entries / EVENTS);
  const sampledEvery = Math.max(1, Math.floor(requests / SAMPLED_REPORTS));
  function* bodies(): Generator<TimedRequest> {
    for (let index = 0; index < requests; index += 1) {
      const reported = fleet.report(EVENTS);
      if (index % sampledEvery === 0) samples.push(reported);
      yield { method: "POST", path: AUDIT_PATH, body: JSON.stringify(reported) };
    }
  }
  const { elapsedMs, latenciesMs } = await sendTimed(runtime, bodies(), CONNECTIONS);
  const tenth = Math.ceil(latenciesMs.length / 10);
  const rate = (latencies: readonly number[]) =>
    (CONNECTIONS * EVENTS * 1e3) /
    (latencies.reduce((sum, latency) => sum + latency, 0) / latencies.length);
  const unit = "events/s";
  const figures = [
    { name: `fill to ${entries.toLocaleString("en")} entries`, value: elapsedMs / 1e3, unit: "s" },
    { name: "  append, mean", value: (requests * EVENTS * 1e3) / elapsedMs, unit },
    { name: "  append, first tenth", value: rate(latenciesMs.slice(0, tenth)), unit },
    { name: "  append, last tenth", value: rate(latenciesMs.slice(-tenth)), unit },
  ];
  return { filled: { entries, fromMs, toMs, samples }, figures };
}
