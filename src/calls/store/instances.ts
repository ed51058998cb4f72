import { and, asc, eq, gt } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { instances } from "./shard-schema.ts";

/**
 * Lists by name, an order that is stable while instances report: newest first would shuffle the list under
 * its reader.
 */
export async function findInstances(
  db: D1Database,
  org: string,
  limit: number,
  aboveInstance: string | null,
) {
  return drizzle(db)
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
}
