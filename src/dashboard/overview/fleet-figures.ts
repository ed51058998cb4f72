/** Of the instances as a fleet. */
import type { InstanceRow } from "./overview-answers.ts";

export interface FleetFigures {
  readonly online: number;
  readonly stale: number;
  readonly departed: number;
  readonly dropped: number;
  readonly missingReports: number;
  /** The slowest instance's; null where none had calls in the last hour. */
  readonly lagP95Ms: number | null;
}

export function fleetFigures(instances: readonly InstanceRow[]): FleetFigures {
  const count = (state: InstanceRow["state"]) =>
    instances.filter((instance) => instance.state === state).length;
  const lags = instances.map(({ lag_p95_ms }) => lag_p95_ms ?? null).filter((ms) => ms !== null);
  return {
    online: count("online"),
    stale: count("stale"),
    departed: count("departed"),
    dropped: instances.reduce((sum, { dropped }) => sum + dropped, 0),
    missingReports: instances.reduce((sum, { missing_reports }) => sum + missing_reports, 0),
    lagP95Ms: lags.length === 0 ? null : Math.max(...lags),
  };
}

const STATES: readonly InstanceRow["state"][] = ["stale", "departed", "online"];

/** Those first that somebody may have to look after. */
export function troubledFirst(instances: readonly InstanceRow[]): InstanceRow[] {
  const losses = ({ dropped, missing_reports }: InstanceRow) => dropped + missing_reports;
  return [...instances].sort(
    (a, b) =>
      STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
      losses(b) - losses(a) ||
      (b.lag_p95_ms ?? -1) - (a.lag_p95_ms ?? -1) ||
      (a.id < b.id ? -1 : 1),
  );
}
