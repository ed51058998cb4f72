/** The remedy for a clock that was ahead. */
import * as Type from "typebox";
import { correctClock } from "#audit/correct-clock.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { jsonBody } from "#http/request-body.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { operatorOf } from "#orgs/http/operator-of.ts";
import { REASON_BODY_MAX, reasonBody } from "./reason-body.ts";

const time = Type.String({ format: "date-time" });
const fromTo = { from: time, to: time };

const CorrectionSchema = Type.Object(
  {
    seq: Type.Integer({ description: "The entry `ledger.clock_corrected`" }),
    recorded_at: Type.Object(fromTo),
    samples_refused_before: Type.Unsafe<{ from: string; to: string } | null>({
      type: ["object", "null"],
      properties: {
        from: { type: "string", format: "date-time" },
        to: { type: "string", format: "date-time" },
      },
      required: ["from", "to"],
      description: "Null where no sample was refused for the clock's sake",
    }),
  },
  { title: "ClockCorrection" },
);

export const clockRoutes: readonly AppRoute[] = [
  route(
    {
      method: "post",
      path: "/v1/orgs/:org/audit/clock",
      operationId: "correctClock",
      summary: "Mend what a clock that was ahead has left behind",
      description:
        "Appends `ledger.clock_corrected`, whose details say from which time to which the entries' " +
        "`recorded_at` falls: directly there, and nowhere else, it may. Samples refused with " +
        "`time_pruned` are taken again from behind the newest one that was pruned. 409 where there is " +
        "nothing to mend.",
      scope: "administrator",
      alsoClosed: true,
      body: jsonBody(reasonBody, REASON_BODY_MAX),
      answers: {
        200: {
          description: "What was corrected",
          content: { "application/json": CorrectionSchema },
        },
      },
      problems: [409],
    },
    async (c, { body }) => {
      const { org } = c.var;
      const by = { ...operatorOf(c, org.org), requestId: c.var.requestId };
      const { seq, from, to, samples } = await correctClock(c.env, org, body.reason, by);
      const mark = samples && {
        from: formatTimestamp(samples.fromMs),
        to: formatTimestamp(samples.toMs),
      };
      return c.json({ seq, recorded_at: { from, to }, samples_refused_before: mark });
    },
  ),
];
