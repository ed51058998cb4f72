/** Whether a page has to be drawn anew: what a dashboard asks every few seconds. */
import * as Type from "typebox";
import { type Changes, readChanges } from "#calls/store/read-changes.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { shardDatabase } from "#platform/shards.ts";

const ChangesSchema = Type.Object(
  {
    folds: Type.Integer({ description: "How often figures were added to" }),
    newest_arrival: Type.Union([Type.String({ format: "date-time" }), Type.Null()], {
      description:
        "When the newest report came that was not added to stored figures yet; null where all were. Answers count it",
    }),
  },
  { title: "Changes" },
);

export const changeRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/changes",
      operationId: "getChanges",
      summary: "Whether there is anything new",
      description:
        "Counts nothing and reads two rows. Its weak ETag is the number of folds, with the newest report where one " +
        "was not added yet: sent back in `If-None-Match` it is answered by 304 while there is nothing new.",
      scope: "telemetry:read",
      answers: {
        200: {
          description: "How far figures have come",
          content: { "application/json": ChangesSchema },
        },
        304: { description: "Nothing new" },
      },
    },
    async (c) => {
      const { org, shard } = c.var.org;
      const changes = await readChanges(shardDatabase(c.env, shard), org);
      const etag = etagOf(changes);
      const headers = { etag };
      if (isKnown(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
      const { folds, newestArrivalMs } = changes;
      const newest = newestArrivalMs === null ? null : formatTimestamp(newestArrivalMs);
      return c.json({ folds, newest_arrival: newest }, 200, headers);
    },
  ),
];

function etagOf({ folds, newestId }: Changes): string {
  return `W/"${newestId === null ? folds : `${folds}.${newestId}`}"`;
}

/** RFC 9110 §13.1.2: by weak comparison. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  const tags = ifNoneMatch?.split(",").map(opaque) ?? [];
  return tags.includes("*") || tags.includes(opaque(etag));
}
