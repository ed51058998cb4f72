/** Ingest's own statements, ready made, given to D1 alone: as fast as that no ingest into D1 can be. */
import { type Call, isRejection, parseSample } from "#calls/call.ts";
import { insertStatements } from "#calls/store/insert-statements.ts";
import type { ShardedOrg } from "#orgs/store/shard-orgs.ts";

const CONNECTIONS = 4;

/** What a report has that is posted. */
export interface PostedReport {
  instance_id: string;
  invocations: readonly unknown[];
}

export class ReadyInserts {
  #batches: D1PreparedStatement[][] = [];

  prepare(db: D1Database, org: ShardedOrg, reports: readonly PostedReport[]): void {
    this.#batches = reports.map((report) => {
      const header = headerOf(report);
      const parsed = report.invocations.map((sample, at) => parseSample(sample, at, header));
      return insertStatements(db, org, [
        { header, calls: parsed.filter((call): call is Call => !isRejection(call)) },
      ]);
    });
  }

  /** Each report is one transaction; so many are on their way at once as requests are. */
  async run(db: D1Database): Promise<void> {
    const batches = this.#batches;
    this.#batches = [];
    const connection = async () => {
      for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
        await db.batch(batch);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  }
}

function headerOf({ instance_id }: PostedReport) {
  return {
    instance: instance_id,
    epochMs: null,
    seq: null,
    dropped: 0,
    isFinal: false,
    batchId: null,
    receivedAtMs: Date.now(),
    fingerprintKey: new Uint8Array(32),
    knownErrors: new Map(),
  };
}
