import type { LocalWorker } from "./local-worker.ts";

export interface StartOrder {
  kind: "start";
  worker: LocalWorker;
  port: number;
  stateDir: string;
  /** Absent: no inspector. */
  inspectorPort?: number;
}

/** Fires a cron trigger; answered by a `TickAnswer` of the same number. */
export interface TickOrder {
  kind: "tick";
  number: number;
  cron: string;
  scheduledTimeMs: number;
}

export type Order = StartOrder | TickOrder;

export interface TickAnswer {
  kind: "ticked";
  number: number;
  /** Null if all went well. */
  failure: string | null;
}

/** `ended` is the last one: why this run is over. */
export type Report =
  | { kind: "migrated"; binding: string; name: string }
  | TickAnswer
  | { kind: "ended"; reason: string };
