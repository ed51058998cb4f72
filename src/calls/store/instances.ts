import { and, asc, eq, gt } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { newestReportMs, type Pending } from "#calls/figures/pending.ts";
import { hasDeparted } from "#calls/instance-goodbye.ts";
import { droppedTotal, type InstanceReports } from "#calls/instance-reports.ts";
import { instances } from "./shard-schema.ts";

export interface ListedInstance {
  instance: string;
  firstReportMs: number | null;
  lastReportMs: number;
  reports: InstanceReports;
  dropped: number;
  hasDeparted: boolean;
}

/**
 * Lists by name, an order that is stable while instances report: newest first would shuffle the list under
 * its reader.
 */
export async function findInstances(
  db: D1Database,
  org: string,
  limit: number,
  aboveInstance: string | null,
  pending: Pending,
): Promise<ListedInstance[]> {
  const stored = await drizzle(db)
    .select({
      instance: instances.instance,
      firstReportMs: instances.createdMs,
      lastReportMs: instances.lastReportMs,
      reports: instances.reports,
      dropped: instances.dropped,
      hasDeparted: instances.hasDeparted,
    })
    .from(instances)
    .where(
      and(
        eq(instances.org, org),
        aboveInstance === null ? undefined : gt(instances.instance, aboveInstance),
      ),
    )
    .orderBy(asc(instances.instance))
    .limit(limit);
  return stored.map((row) => withPending(row, pending));
}

interface StoredInstance {
  instance: string;
  firstReportMs: number | null;
  lastReportMs: number;
  reports: string;
  dropped: number;
  hasDeparted: boolean;
}

function withPending(stored: StoredInstance, pending: Pending): ListedInstance {
  const ofInstance = pending.instances.get(stored.instance);
  if (ofInstance === undefined) {
    return { ...stored, reports: JSON.parse(stored.reports) as InstanceReports };
  }
  const { delta, reports } = ofInstance;
  const { firstReportMs, lastReportMs } = stored;
  const isToCome = firstReportMs !== null && firstReportMs > pending.seenUntilMs;
  return {
    ...stored,
    reports,
    firstReportMs: isToCome ? null : firstReportMs,
    lastReportMs: newestReportMs(lastReportMs, delta, pending),
    dropped: droppedTotal(reports),
    hasDeparted: hasDeparted(reports),
  };
}
