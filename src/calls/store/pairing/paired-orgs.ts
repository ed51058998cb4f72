/**
 * Which orgs send what is to be paired. Most have servers' calls alone, and are spared what that costs: their
 * first try is a transaction that fails in an org that does, and the isolate remembers that it did. What it
 * remembers is never undone, and decides no count.
 */
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";
import { refuseIf } from "./pairing-guards.ts";

/** Spans of callers, or spans of calls at all. */
export type PairedSide = "callers" | "spans";

const HAS: Record<PairedSide, string> = {
  callers: "EXISTS (SELECT 1 FROM orgs WHERE org = ?1 AND callers_since_ms IS NOT NULL)",
  spans: "EXISTS (SELECT 1 FROM orgs WHERE org = ?1 AND spans_since_ms IS NOT NULL)",
};
const REFUSE: Record<PairedSide, string> = {
  callers: refuseIf(HAS.callers),
  spans: refuseIf(HAS.spans),
};

const known: Record<PairedSide, Set<string>> = { callers: new Set(), spans: new Set() };

/** False where that is not known: then the transaction has to ask. */
export function isKnownToSend({ org }: ShardedOrg, side: PairedSide): boolean {
  return known[side].has(org);
}

export function refusePaired(db: D1Database, org: string, side: PairedSide): D1PreparedStatement {
  return db.prepare(REFUSE[side]).bind(org);
}

export async function findPaired(db: D1Database, org: string, side: PairedSide): Promise<boolean> {
  const found = await db.prepare(`SELECT 1 WHERE ${HAS[side]}`).bind(org).first();
  if (found !== null) known[side].add(org);
  return found !== null;
}
