/** What a filter may be set to. */
import * as Type from "typebox";
import { FOLD_MS_MAX, overAfter, readCounted } from "#calls/figures/read-figures.ts";
import { findValues, VALUE_FIELDS } from "#calls/store/activity-values.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { integerOr, oneOf, required, text } from "#http/parameters.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { shardDatabase } from "#platform/shards.ts";
import { CALL_PARAMETERS, callFilter } from "./call-parameters.ts";

const LIMIT_MAX = 20;
const values = integerOr("The most values", { min: 1, max: LIMIT_MAX, absent: LIMIT_MAX });

const ValuesSchema = Type.Object(
  {
    field: Type.Enum([...VALUE_FIELDS]),
    source: Type.Enum(["series", "instances", "samples"]),
    partial: Type.Boolean({ description: "Not all of the time was looked at: see scanned_to" }),
    scanned_to: Type.Optional(
      Type.String({ format: "date-time", description: "All calls from here on were looked at" }),
    ),
    values: Type.Array(
      Type.Object({
        value: Type.String(),
        calls: Type.Union([Type.Integer(), Type.Null()], {
          description: "Of the samples looked at; null where none were",
        }),
      }),
    ),
  },
  { title: "FieldValues" },
);

export const valueRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/activity/values",
      operationId: "listFieldValues",
      summary: "Values that a filter of calls may be set to",
      description:
        "Plugins, tools, workspaces and instances by name, of all that ever were counted, tools and plugins within " +
        "the `workspace` and `plugin` asked for. Actors and error codes by how many of the newest 50,000 samples " +
        "of the time have them, those most of them have first; the other filters narrow these.",
      scope: "telemetry:read",
      query: {
        ...CALL_PARAMETERS,
        field: required(oneOf("Which field", VALUE_FIELDS)),
        prefix: text("Values that begin so"),
        limit: values,
      },
      answers: {
        200: { description: "Values", content: { "application/json": ValuesSchema } },
      },
    },
    async (c, { query }) => {
      const { org, shard } = c.var.org;
      const { field, prefix = "", limit } = query;
      const question = { field, prefix, filter: callFilter(query), limit };
      const db = shardDatabase(c.env, shard);
      // What is pending has no name that is new.
      const answer = await readCounted(c.env, c.var.org, overAfter(FOLD_MS_MAX), () =>
        findValues(db, org, question),
      );
      return c.json({
        field,
        source: answer.source,
        partial: answer.scannedToMs !== null,
        ...(answer.scannedToMs !== null && { scanned_to: formatTimestamp(answer.scannedToMs) }),
        values: answer.values,
      });
    },
  ),
];
