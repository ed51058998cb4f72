/** When what of a scenario comes: reports by the calls that are there, scrapes and ticks by the clock. Pure. */
import type { CallScenario } from "./scenario.ts";

export const SCRAPE_MS = 15_000;
export const TICK_MS = 60_000;
/** A scrape comes at no full minute: ticks do. */
export const SCRAPE_PHASE_MS = 5_000;
/** Behind its last call's beginning: longer than all but one call in ten thousand takes. */
const REPORTED_AFTER_MS = 5_000;

/** By then what arrived last is folded, by whatever rule. */
export const FOLDED_AFTER_MS = 20 * 60_000;

export const INSTANCES = 4;

export interface Moment {
  atMs: number;
  does: "report" | "scrape" | "tick";
  /** Of a report: who sends it, and when its calls began. */
  instance: number;
  callsMs: number[];
}

/** All from `fromMs` on, one after the other. */
export function momentsOf(scenario: CallScenario, fromMs: number): Moment[] {
  const moments = [...reports(scenario, fromMs), ...readersAndTicks(scenario.minutes, fromMs)];
  return moments.sort((a, b) => a.atMs - b.atMs);
}

export function readersAndTicks(minutes: number, fromMs: number): Moment[] {
  const lengthMs = minutes * 60_000;
  const each = (does: Moment["does"], stepMs: number, phaseMs: number): Moment[] =>
    Array.from({ length: Math.floor(lengthMs / stepMs) }, (_, index) => ({
      ...{ atMs: fromMs + phaseMs + index * stepMs, does, instance: 0, callsMs: [] },
    }));
  return [...each("scrape", SCRAPE_MS, SCRAPE_PHASE_MS), ...each("tick", TICK_MS, TICK_MS)];
}

/** Calls go round the instances; each of these sends when it has a report's calls, and at the end what it has. */
function reports({ callsPerSecond, reportSize, minutes }: CallScenario, fromMs: number): Moment[] {
  const count = callsPerSecond * minutes * 60;
  const beganMs = (call: number) => fromMs + Math.floor((call * 1_000) / callsPerSecond);
  const waiting: number[][] = Array.from({ length: INSTANCES }, () => []);
  const moments: Moment[] = [];
  const send = (instance: number) => {
    const callsMs = waiting[instance]!.splice(0);
    if (callsMs.length === 0) return;
    moments.push({ atMs: callsMs.at(-1)! + REPORTED_AFTER_MS, does: "report", instance, callsMs });
  };
  // Not all at once: the first report of each is a part of one.
  const room = waiting.map((_, instance) => Math.ceil((reportSize * (instance + 1)) / INSTANCES));
  for (let call = 0; call < count; call += 1) {
    const instance = call % INSTANCES;
    waiting[instance]!.push(beganMs(call));
    if (waiting[instance]!.length < room[instance]!) continue;
    send(instance);
    room[instance] = reportSize;
  }
  for (const instance of waiting.keys()) send(instance);
  return moments;
}
