/** How long calls take to arrive, by instance and time. */
import * as Type from "typebox";
import { FOLD_MS_MAX, overAfter, readCounted } from "#calls/figures/read-figures.ts";
import { LAG_STEPS_MAX, type LagRange, lagRange } from "#calls/lag/lag-range.ts";
import type { InstanceLag } from "#calls/lag/lag-series.ts";
import { type LagAnswer, readLag } from "#calls/store/lag/read-lag.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { integer, refuseParameter } from "#http/parameters.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { shardDatabase } from "#platform/shards.ts";
import { SECOND_MS } from "#platform/time.ts";
import { CALL_PARAMETERS, callFilter } from "./call-parameters.ts";

const Time = (description: string) => Type.String({ format: "date-time", description });
const ByStep = Type.Array(Type.Union([Type.Number(), Type.Null()]));

const LagSchema = Type.Object(
  {
    from: Time("Inclusive; as asked, widened to whole steps"),
    to: Time("Exclusive"),
    step_seconds: Type.Integer(),
    counted_until: Time("When the oldest report arrived that is not counted yet, else now"),
    source: Type.Enum(["minutes", "samples"]),
    partial: Type.Boolean({ description: "Not all of the time was looked at: see scanned_to" }),
    scanned_to: Type.Optional(
      Time("From here on all is counted; what began before was not looked at, or was pruned"),
    ),
    series: Type.Array(
      Type.Object({
        instance: Type.String(),
        calls: Type.Array(Type.Integer(), { description: "By step, replays too" }),
        p50_ms: ByStep,
        p95_ms: ByStep,
        ahead: Type.Array(Type.Integer(), {
          description:
            "Of the calls those that arrived before their end: the instance's clock is ahead",
        }),
      }),
      { description: "The slowest first; past 50 the rest is `__other__`" },
    ),
  },
  { title: "Lag" },
);

export const lagRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/lag",
      operationId: "getLag",
      summary: "Arrival compared with the end of calls, by instance and step",
      description:
        "A step has the calls that began in it, whenever they came. Calls that were held up have a long lag; a call " +
        "that arrived before its end has none, and is counted in `ahead`: not the way is slow then, a clock is. " +
        "Of the last 48 h it is by the minute, exact, quantiles at most 11 % off; before that, and by filters " +
        "other than `instance`, the newest 50,000 samples of the time are looked at. Without `from` it is the last hour.",
      scope: "telemetry:read",
      query: {
        ...CALL_PARAMETERS,
        step: integer("The length of a step in seconds, rounded up to whole minutes", {
          min: 1,
          max: 366 * 86_400,
        }),
      },
      answers: {
        200: { description: "By step", content: { "application/json": LagSchema } },
      },
    },
    async (c, { query }) => {
      const { org } = c.var;
      const nowMs = Date.now();
      const { fromMs, toMs, ...filter } = callFilter(query);
      const stepMs = query.step === undefined ? undefined : query.step * SECOND_MS;
      const range = askedLagRange(lagRange({ fromMs, toMs, stepMs }, nowMs));
      const db = shardDatabase(c.env, org.shard);
      const answer = await readCounted(c.env, org, overAfter(FOLD_MS_MAX), (pending) =>
        readLag(db, org.org, range, filter, nowMs, pending),
      );
      return c.json(lagJson(range, answer));
    },
  ),
];

function askedLagRange(range: ReturnType<typeof lagRange>): LagRange {
  if (range === "backwards")
    return refuseParameter("from", "must be before to, and within a year from now");
  if (!("leastStepMs" in range)) return range;
  const seconds = range.leastStepMs / SECOND_MS;
  const message = `must be at least ${seconds} here: an answer has at most ${LAG_STEPS_MAX} steps`;
  return refuseParameter("step", message);
}

function lagJson(range: LagRange, answer: LagAnswer): Type.Static<typeof LagSchema> {
  const { series, source, countedUntilMs, scannedToMs } = answer;
  return {
    from: formatTimestamp(range.fromMs),
    to: formatTimestamp(range.toMs),
    step_seconds: range.stepMs / SECOND_MS,
    counted_until: formatTimestamp(countedUntilMs),
    source,
    partial: scannedToMs !== null,
    ...(scannedToMs !== null && { scanned_to: formatTimestamp(scannedToMs) }),
    series: series.slowestFirst().map(instanceLagJson),
  };
}

function instanceLagJson({ instance, steps }: InstanceLag) {
  return {
    instance,
    calls: steps.map((step) => step?.calls ?? 0),
    p50_ms: steps.map((step) => step?.quantileMs(0.5) ?? null),
    p95_ms: steps.map((step) => step?.quantileMs(0.95) ?? null),
    ahead: steps.map((step) => step?.ahead ?? 0),
  };
}
