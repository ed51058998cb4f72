import * as Type from "typebox";
import { Compile } from "typebox/schema";
import { PRINTABLE_TEXT } from "#platform/text-patterns.ts";

/** Why an operator does what cannot be undone: it stands in the entry that tells of it. */
export const reasonBody = Compile(
  Type.Object(
    { reason: Type.String({ minLength: 1, maxLength: 1_024, pattern: PRINTABLE_TEXT }) },
    { additionalProperties: false, title: "Reason" },
  ),
);

/** The reason alone has 4 KiB at most. */
export const REASON_BODY_MAX = { bytesMax: 16_384 };
