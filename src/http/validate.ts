/**
 * A value against its schema. Validators are made by typebox's `Compile` at the top level of a
 * module: workerd allows code generation while a Worker starts and never after, and a compiled check
 * is five times as fast as an interpreted one. The `Compile` is that of `typebox/schema`, for
 * `typebox/compile` brings 208 KiB of what nothing here uses.
 */
import type { Static, TSchema } from "typebox";
import type { TLocalizedValidationError } from "typebox/error";
import type { Validator } from "typebox/schema";
import { fail, type ValidationError } from "#platform/errors.ts";

/** A pointer quotes the sender's key: long enough to find it, too short to be an echo. */
const POINTER_LENGTH_MAX = 256;

/** Far above any schema of ours: describing each of 300,000 unknown keys takes 1.5 s. */
const KEYS_MAX = 100;

/** The value, typed by its schema; else 400 with a JSON pointer to each error. */
export function validate<Schema extends TSchema>(
  validator: Validator<Schema>,
  value: unknown,
): Static<Schema> {
  if (validator.Check(value)) return value as Static<Schema>;
  return fail({ kind: "invalid_request", errors: validationErrors(validator, value) });
}

export function validationErrors(validator: Validator<TSchema>, value: unknown): ValidationError[] {
  if (isObject(value) && Object.keys(value).length > KEYS_MAX) {
    return [at("", "has too many keys")];
  }
  const [, errors] = validator.Errors(value);
  return errors.flatMap(describeError);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describeError(error: TLocalizedValidationError): ValidationError[] {
  switch (error.keyword) {
    case "required":
      return error.params.requiredProperties.map((key) =>
        at(`${error.instancePath}/${escapePointer(key)}`, "is required"),
      );
    case "boolean":
      return [at(error.instancePath, "is not a known key")];
    case "additionalProperties":
      return []; // each such key has been named as "boolean"
    case "enum":
      return [at(error.instancePath, `must be one of ${error.params.allowedValues.join(", ")}`)];
    case "pattern":
      return [at(error.instancePath, "holds a character, or has a form, that is not allowed")];
    default:
      return [at(error.instancePath, error.message)];
  }
}

function at(pointer: string, message: string): ValidationError {
  return { pointer: pointer.slice(0, POINTER_LENGTH_MAX), message };
}

function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
