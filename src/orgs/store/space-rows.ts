/** How full a shard is, who has how much of it, and whom it has no more room for. */

/** As D1 itself says with each answer: no page that is free counts. */
function bytesOf({ meta }: D1Result<unknown>): number {
  return meta.size_after;
}

export async function findShardBytes(db: D1Database): Promise<number> {
  return bytesOf(await db.prepare("SELECT 1").run());
}

/** With whether some org is refused there. */
export async function findFullness(
  db: D1Database,
): Promise<{ bytes: number; isRefusing: boolean }> {
  const refused = await db
    .prepare("SELECT org FROM orgs WHERE refused_since_ms IS NOT NULL LIMIT 1")
    .run();
  return { bytes: bytesOf(refused), isRefusing: refused.results.length > 0 };
}

/**
 * Orgs that were not measured between that time and now, those that wait longest first: what a clock that was
 * ahead has measured counts for nothing once it is back.
 */
export async function findUnmeasured(
  db: D1Database,
  { sinceMs, nowMs }: { sinceMs: number; nowMs: number },
  limit: number,
): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT org FROM orgs WHERE state = 'active' AND measured_at_ms NOT BETWEEN ?1 AND ?2
       ORDER BY measured_at_ms, org LIMIT ?3`,
    )
    .bind(sinceMs, nowMs, limit)
    .all<{ org: string }>();
  return results.map(({ org }) => org);
}

export async function recordBytes(
  db: D1Database,
  org: string,
  bytes: number,
  nowMs: number,
): Promise<void> {
  await db
    .prepare("UPDATE orgs SET bytes = ?2, measured_at_ms = ?3 WHERE org = ?1")
    .bind(org, Math.round(bytes), nowMs)
    .run();
}

/**
 * Ends a refusal that is over: the org is gone, another is larger by a tenth (so that an estimate's error does
 * not have two orgs take turns), or there is room, which is ?1.
 */
const RELEASE = `UPDATE orgs SET refused_since_ms = NULL
  WHERE refused_since_ms IS NOT NULL
    AND (?1 OR state <> 'active' OR bytes * 1.1 < (SELECT max(bytes) FROM orgs WHERE state = 'active'))
  RETURNING org`;

/** Refuses the largest org, if none is refused, and all were measured since ?2. */
const REFUSE = `UPDATE orgs SET refused_since_ms = ?1
  WHERE org = (SELECT org FROM orgs WHERE state = 'active' ORDER BY bytes DESC, org LIMIT 1)
    AND NOT EXISTS (SELECT 1 FROM orgs WHERE refused_since_ms IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM orgs WHERE state = 'active' AND measured_at_ms NOT BETWEEN ?2 AND ?1)
  RETURNING org`;

export interface SpaceDecision {
  /** There is room again for everyone. */
  readonly hasRoom: boolean;
  /** The largest org may have no more. */
  readonly isFull: boolean;
  /** What was measured before this counts for nothing. */
  readonly measuredSinceMs: number;
}

/** In one transaction: no two orgs of a shard are refused at any time. Returns whom it changed. */
export async function decideSpace(
  db: D1Database,
  { hasRoom, isFull, measuredSinceMs }: SpaceDecision,
  nowMs: number,
): Promise<{ released: string | null; refused: string | null }> {
  const release = db.prepare(RELEASE).bind(hasRoom ? 1 : 0);
  const refuse = db.prepare(REFUSE).bind(nowMs, measuredSinceMs);
  const [released, refused] = await db.batch<{ org: string }>(
    isFull ? [release, refuse] : [release],
  );
  return {
    released: released?.results[0]?.org ?? null,
    refused: refused?.results[0]?.org ?? null,
  };
}

export interface OrgSpace {
  /** About; see org-lifecycle.ts. */
  bytes: number;
  measuredAtMs: number;
  refusedSinceMs: number | null;
  shardBytes: number;
}

const SELECT_SPACE = `SELECT bytes, measured_at_ms AS measuredAtMs, refused_since_ms AS refusedSinceMs
  FROM orgs WHERE org = ?1`;

export function selectOrgSpace(db: D1Database, org: string): D1PreparedStatement {
  return db.prepare(SELECT_SPACE).bind(org);
}

export async function findOrgSpace(db: D1Database, org: string): Promise<OrgSpace> {
  return orgSpaceOf(await selectOrgSpace(db, org).run());
}

export function orgSpaceOf(result: D1Result<unknown>): OrgSpace {
  const none = { bytes: 0, measuredAtMs: 0, refusedSinceMs: null };
  const row = (result.results[0] as Omit<OrgSpace, "shardBytes"> | undefined) ?? none;
  return { ...row, shardBytes: bytesOf(result) };
}
