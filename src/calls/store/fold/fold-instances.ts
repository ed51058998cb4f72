/**
 * The rows of the instances that reported in a fold, their reports merged with what is stored. Above
 * the cap a new instance is counted as `__other__`, which has lag and a last report but, being many,
 * no report sequence and no drops of its own.
 */
import { InstanceDelta } from "#calls/fold-delta.ts";
import { addReport, type InstanceReports, NO_REPORTS } from "#calls/instance-reports.ts";
import { INSTANCE_IDLE_MS_MAX, INSTANCES_MAX, OTHER } from "#calls/series.ts";
import { jsonParameters } from "#platform/d1/json-parameter.ts";
import { instanceRow } from "./fold-rows.ts";

const SELECT_INSTANCES = `SELECT instance, reports, last_report_ms AS lastReportMs FROM instances
  WHERE org = ?1 AND instance IN (SELECT value FROM json_each(?2))`;

const COUNT_ACTIVE_INSTANCES = `SELECT count(*) AS active FROM instances
  WHERE org = ?1 AND last_report_ms > ?2 AND instance <> ?3`;

interface KnownInstance {
  reports: InstanceReports;
  lastReportMs: number;
}

export interface ResolvedInstances {
  rows: string[];
  /** By the name that each is counted under. */
  counted: ReadonlyMap<string, InstanceDelta>;
}

export async function resolveInstances(
  db: D1Database,
  org: string,
  deltas: ReadonlyMap<string, InstanceDelta>,
  nowMs: number,
): Promise<ResolvedInstances> {
  const idleBeforeMs = nowMs - INSTANCE_IDLE_MS_MAX;
  const stored = await findStoredInstances(db, org, [...deltas.keys()]);
  const isEntering = (instance: string) =>
    instance !== OTHER && (stored.get(instance)?.lastReportMs ?? 0) <= idleBeforeMs;
  const entering = [...deltas.keys()].filter(isEntering);
  const room = entering.length > 0 ? await roomFor(db, org, idleBeforeMs) : 0;
  const turnedAway = new Set(entering.slice(Math.max(0, room)));
  const other = new InstanceDelta();
  const rows: string[] = [];
  const counted = new Map<string, InstanceDelta>();
  for (const [instance, delta] of deltas) {
    if (instance === OTHER || turnedAway.has(instance)) {
      other.merge(delta);
      continue;
    }
    const before = stored.get(instance)?.reports ?? NO_REPORTS;
    counted.set(instance, delta);
    rows.push(instanceRow(instance, delta, delta.reports.reduce(addReport, before)));
  }
  if (other.lastReportMs > 0) {
    counted.set(OTHER, other);
    rows.push(instanceRow(OTHER, other, NO_REPORTS));
  }
  return { rows, counted };
}

export async function findStoredInstances(
  db: D1Database,
  org: string,
  instances: readonly string[],
): Promise<Map<string, KnownInstance>> {
  const found = new Map<string, KnownInstance>();
  for (const parameter of jsonParameters(instances.map((instance) => JSON.stringify(instance)))) {
    const { results } = await db
      .prepare(SELECT_INSTANCES)
      .bind(org, parameter)
      .all<{ instance: string; reports: string; lastReportMs: number }>();
    for (const { instance, reports, lastReportMs } of results) {
      found.set(instance, { reports: JSON.parse(reports) as InstanceReports, lastReportMs });
    }
  }
  return found;
}

async function roomFor(db: D1Database, org: string, idleBeforeMs: number): Promise<number> {
  const row = await db
    .prepare(COUNT_ACTIVE_INSTANCES)
    .bind(org, idleBeforeMs, OTHER)
    .first<{ active: number }>();
  return INSTANCES_MAX - (row?.active ?? 0);
}
