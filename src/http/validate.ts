/**
 * A value against its schema. Validators are made by typebox's `Compile` at the top level of a
 * module: workerd allows code generation while a Worker starts and never after, and a compiled check
 * is five times as fast as an interpreted one. That of `typebox/schema`, for `typebox/compile` brings
 * 208 KiB of what nothing here uses.
 */
import type { Static, TSchema } from "typebox";
import type { Validator } from "typebox/schema";
import { fail } from "#platform/errors.ts";
import { validationErrors } from "./validation-errors.ts";

/** The value, typed by its schema; else 400 with a JSON pointer to each error. */
export function validate<Schema extends TSchema>(
  validator: Validator<Schema>,
  value: unknown,
): Static<Schema> {
  if (validator.Check(value)) return value as Static<Schema>;
  const errors = validationErrors(validator.Schema() as TSchema, value);
  return fail({ kind: "invalid_request", errors });
}
