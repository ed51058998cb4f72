/**
 * What each capability keeps of an org, said by itself: this room knows none of the capabilities.
 * Their parts are registered in src/capabilities.ts, so that nothing that an org leaves behind is
 * forgotten when it goes.
 */
import type { Env } from "#platform/env.ts";
import type { StepProgress } from "#platform/jobs/job.ts";
import type { Retention } from "./retention.ts";

/** Rows of an org in a table of its shard, deleted by their key in bounded chunks. */
export interface OrgTable {
  readonly table: string;
  /** The columns of the table's key behind `org`. */
  readonly key: string;
  /** The most rows that a statement deletes: tens of milliseconds of D1's one thread. */
  readonly rowsMax: number;
}

export interface OrgPruning {
  /** The most queries that a chunk sends D1. */
  readonly queries: number;
  /** Removes one bounded chunk of the data whose retention has ended. */
  chunk(shardDb: D1Database, org: RetainedOrg, nowMs: number): Promise<StepProgress>;
}

export interface OrgSize {
  /** The most queries that `bytes` sends D1. */
  readonly queries: number;
  /** About how many bytes the part has of the org on its shard, at a cost that is bounded. */
  bytes(shardDb: D1Database, org: string): Promise<number>;
}

export interface RetainedOrg {
  readonly org: string;
  readonly retention: Retention;
}

export interface OrgPart {
  readonly name: string;
  /** Called before the directory knows of the org, which may never come to be. Idempotent. */
  open?(shardDb: D1Database, org: string): Promise<void>;
  /**
   * Statements for the directory's transaction that closes the org, behind the one that closes it: each is
   * conditional on the org being closed by then.
   */
  close?(directory: D1Database, org: string): D1PreparedStatement[];
  /**
   * Destroys what its data is sealed with, before any of that is removed: called once the org is closed, and by the
   * cron until its data is gone. Idempotent.
   */
  destroyKeys?(env: Env, org: string): Promise<void>;
  /** Sets back what the part keeps of times that are yet to come: the clock was ahead, and is right now. Idempotent. */
  correctClock?(shardDb: D1Database, org: string, nowMs: number): Promise<void>;
  readonly prune?: OrgPruning;
  readonly size?: OrgSize;
  /** The tables that the cron empties of a closed org. */
  readonly tables?: readonly OrgTable[];
}

let registered: readonly OrgPart[] | null = null;

/** Registers all parts at once, in the order in which they take part. */
export function registerOrgParts(parts: readonly OrgPart[]): void {
  registered = parts;
}

/** Fails where src/capabilities.ts was not imported: an org would be opened, or erased, in part. */
export function orgParts(): readonly OrgPart[] {
  if (registered === null) throw new Error("Cannot serve orgs: their parts are not registered");
  return registered;
}
