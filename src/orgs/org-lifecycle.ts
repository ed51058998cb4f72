/**
 * What each capability keeps of an org, said by itself: orgs knows none of them. They are registered in
 * src/capabilities.ts, so that nothing that an org leaves behind is forgotten when it goes.
 */
import type { Progress } from "#platform/jobs/job.ts";
import type { Retention } from "./retention.ts";

/** Rows of an org in a table of its shard, deleted by their key in bounded chunks. */
export interface OrgTable {
  readonly table: string;
  /** Its key after the org. */
  readonly key: string;
  /** That a statement deletes at most: tens of milliseconds of D1's one thread. */
  readonly rowsMax: number;
}

export interface OrgPruning {
  /** That a chunk sends D1 at most. */
  readonly queries: number;
  /** One bounded chunk of what retention has ended for. */
  chunk(shardDb: D1Database, org: RetainedOrg, nowMs: number): Promise<Progress>;
}

export interface RetainedOrg {
  readonly org: string;
  readonly retention: Retention;
}

export interface OrgPart {
  readonly name: string;
  /** Before the directory knows of the org, which may never come to be. Idempotent. */
  open?(shardDb: D1Database, org: string): Promise<void>;
  /**
   * In the directory's transaction that closes the org, behind the statement that does: each is
   * conditional on the org being closed by then.
   */
  close?(directory: D1Database, org: string): D1PreparedStatement[];
  readonly prune?: OrgPruning;
  /** Emptied of a closed org by the cron. */
  readonly tables?: readonly OrgTable[];
}

let registered: readonly OrgPart[] | null = null;

/** All of them at once, in the order in which they take part. */
export function registerOrgParts(parts: readonly OrgPart[]): void {
  registered = parts;
}

/** Fails where src/capabilities.ts was not imported: an org would be opened, or erased, in part. */
export function orgParts(): readonly OrgPart[] {
  if (registered === null) throw new Error("Cannot serve orgs: their parts are not registered");
  return registered;
}
