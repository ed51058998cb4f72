/** How plugins' servers do (migrations/shard/0017_plugin_tools.sql). */
import type { Plugin } from "#gateway/plugins/plugin.ts";
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";
import { bindKey } from "./list-rows.ts";

export interface NotedHealth {
  /** Null: it answered. */
  readonly fault: string | null;
  /** Of the calls since the last note, how many failed behind the last that did not. */
  readonly failures: number;
  /** True if one of them was answered. */
  readonly hasAnswered: boolean;
  readonly nowMs: number;
  /** A note that is younger stays. */
  readonly gapMs: number;
}

/** Of concurrent notes one is written in so long; a note ahead of now was made by a clock that was ahead. */
const PUT_HEALTH = `INSERT INTO plugin_health (org, workspace, plugin, registration, ok_ms, fault_ms, fault,
    failures, noted_ms)
  SELECT ?1, ?2, ?3, ?4, iif(?6, ?9, NULL), iif(?7 IS NULL, NULL, ?9), ?7, ?8, ?9
  WHERE EXISTS (SELECT 1 FROM orgs WHERE org = ?1 AND generation = ?5 AND state = 'active')
  ON CONFLICT DO UPDATE SET registration = excluded.registration,
    ok_ms = iif(registration = excluded.registration, coalesce(excluded.ok_ms, ok_ms), excluded.ok_ms),
    fault_ms = iif(registration = excluded.registration, coalesce(excluded.fault_ms, fault_ms), excluded.fault_ms),
    fault = iif(registration = excluded.registration, coalesce(excluded.fault, fault), excluded.fault),
    failures = iif(?6 OR registration <> excluded.registration, excluded.failures, failures + excluded.failures),
    noted_ms = excluded.noted_ms
  WHERE registration <= excluded.registration AND (registration < excluded.registration
    OR noted_ms <= excluded.noted_ms - ?10 OR noted_ms > excluded.noted_ms)`;

export async function putHealth(
  db: D1Database,
  { generation }: Pick<ShardedOrg, "generation">,
  plugin: Plugin,
  { fault, failures, hasAnswered, nowMs, gapMs }: NotedHealth,
): Promise<void> {
  await db
    .prepare(PUT_HEALTH)
    .bind(
      ...[...bindKey(plugin), plugin.registration, generation],
      ...[hasAnswered ? 1 : 0, fault, failures, nowMs, gapMs],
    )
    .run();
}

export interface StoredHealth {
  readonly registration: string;
  readonly okMs: number | null;
  readonly faultMs: number | null;
  readonly fault: string | null;
  readonly failures: number;
  readonly active: number;
  readonly quarantined: number;
  readonly gone: number;
  /** JSON: how many tools of the list were left out, by why; null if none was learnt. */
  readonly faults: string | null;
}

/** A row for each of the registrations, which are of one org: counting their tools reads these rows alone. */
const SELECT_HEALTH = `SELECT s.value ->> 2 AS registration, h.ok_ms AS okMs, h.fault_ms AS faultMs, h.fault,
    coalesce(h.failures, 0) AS failures, l.faults, coalesce(sum(t.is_quarantined = 0 AND t.is_gone = 0), 0) AS active,
    coalesce(sum(t.is_quarantined), 0) AS quarantined,
    coalesce(sum(t.is_gone = 1 AND t.is_quarantined = 0), 0) AS gone
  FROM json_each(?2) s
  LEFT JOIN plugin_health h ON h.org = ?1 AND h.workspace = s.value ->> 0 AND h.plugin = s.value ->> 1
    AND h.registration = s.value ->> 2
  LEFT JOIN plugin_lists l ON l.org = ?1 AND l.workspace = s.value ->> 0 AND l.plugin = s.value ->> 1
    AND l.registration = s.value ->> 2
  LEFT JOIN plugin_tools t ON t.org = l.org AND t.workspace = l.workspace AND t.plugin = l.plugin
  GROUP BY s.key`;

export async function findHealth(
  db: D1Database,
  org: string,
  plugins: readonly Plugin[],
): Promise<ReadonlyMap<string, StoredHealth>> {
  const keys = plugins.map(({ workspace, plugin, registration }) => [
    workspace,
    plugin,
    registration,
  ]);
  const { results } = await db
    .prepare(SELECT_HEALTH)
    .bind(org, JSON.stringify(keys))
    .all<StoredHealth>();
  return new Map(results.map((row) => [row.registration, row]));
}
