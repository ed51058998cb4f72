import * as Type from "typebox";
import { OUTCOMES } from "#calls/outcome.ts";

const OptionalMs = Type.Union([Type.Number(), Type.Null()], {
  description: "Null where the window holds replays only",
});

const RollupSchema = Type.Object(
  {
    window_start: Type.String({ format: "date-time" }),
    workspace: Type.Optional(Type.String()),
    plugin: Type.Optional(Type.String()),
    tool: Type.Optional(Type.String()),
    calls: Type.Integer(),
    errors: Type.Integer(),
    outcomes: Type.Object(Object.fromEntries(OUTCOMES.map((outcome) => [outcome, Type.Integer()]))),
    p50_ms: OptionalMs,
    p95_ms: OptionalMs,
    p99_ms: OptionalMs,
    max_ms: OptionalMs,
    mean_ms: OptionalMs,
  },
  { title: "Rollup" },
);

export const RollupListSchema = Type.Object(
  {
    rollups: Type.Array(RollupSchema),
    next_cursor: Type.Union([Type.String(), Type.Null()]),
  },
  { title: "RollupList" },
);
