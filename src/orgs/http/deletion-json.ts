/** Whether what has expired is deleted, on the wire. */
import * as Type from "typebox";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { type ClockState, waitsUntilMs } from "#platform/steady-clock.ts";

export const DeletionSchema = Type.Object(
  {
    waits_until: Type.Unsafe<string | null>({
      type: ["string", "null"],
      format: "date-time",
      description:
        "After a gap or a jump of the clock nothing is deleted until an hour of ticks has agreed on " +
        "the time: until then, if it goes on so. Null: nothing waits",
    }),
  },
  { title: "Deletion" },
);

/** `alsoUntilMs`: until when something else has it wait. */
export function deletionJson(
  clock: ClockState | null,
  alsoUntilMs: number | null = null,
): Type.Static<typeof DeletionSchema> {
  const untilMs = Math.max(waitsUntilMs(clock) ?? 0, alsoUntilMs ?? 0);
  return { waits_until: untilMs === 0 ? null : formatTimestamp(untilMs) };
}
