/**
 * What a schema refuses of a value: lengths before shapes, and of a list the items that fail. The library
 * walks all of a value and makes an error for each fault before it tells the first: a second and a half for
 * two million zeros where objects were expected.
 */
import type { TSchema } from "typebox";
import type { TLocalizedValidationError } from "typebox/error";
import { Check, Errors } from "typebox/schema";
import { Settings } from "typebox/system";
import { ERRORS_MAX, type ValidationError } from "#platform/errors.ts";

Settings.Set({ maxErrors: ERRORS_MAX });

/** A pointer quotes the sender's key: long enough to find it, too short to be an echo. */
const POINTER_LENGTH_MAX = 256;

/** Far above any object of ours that lists its keys: describing each of 300,000 takes 1.5 s. */
const KEYS_MAX = 100;

/** The JSON Schema of an object or a list, as far as it is looked into. */
interface Shape {
  readonly maxItems?: number;
  readonly items?: TSchema;
  readonly maxProperties?: number;
  readonly properties?: Readonly<Record<string, TSchema>>;
}

const ANYTHING = {};

/** The first errors of a value that `schema` refuses, each with a JSON pointer to it. */
export function validationErrors(schema: TSchema, value: unknown, pointer = ""): ValidationError[] {
  const tooLong = lengthError(schema, value);
  if (tooLong !== null) return [at(pointer, tooLong)];
  if (Array.isArray(value)) return listErrors(schema, value, pointer);
  if (isObject(value)) return objectErrors(schema, value, pointer);
  return ownErrors(schema, value, pointer);
}

function listErrors(schema: TSchema, list: readonly unknown[], pointer: string): ValidationError[] {
  const { items } = schema as Shape;
  const errors: ValidationError[] = [];
  for (let index = 0; items && index < list.length && errors.length < ERRORS_MAX; index += 1) {
    errors.push(...errorsWithin(items, list[index], `${pointer}/${index}`));
  }
  return errors.length > 0 ? errors.slice(0, ERRORS_MAX) : ownErrors(schema, list, pointer);
}

/** Its own errors, and those of the lists and objects that it holds, each looked into by itself. */
function objectErrors(schema: TSchema, value: object, pointer: string): ValidationError[] {
  const { properties = {} } = schema as Shape;
  const held = Object.entries(value).filter(
    ([key, member]) => isObject(member) && Object.hasOwn(properties, key),
  );
  const errors = held.flatMap(([key, member]) =>
    errorsWithin(properties[key] as TSchema, member, `${pointer}/${escapePointer(key)}`),
  );
  const others = Object.fromEntries(held.map(([key]) => [key, ANYTHING]));
  const flat = { ...schema, properties: { ...properties, ...others } };
  return [...ownErrors(flat, value, pointer), ...errors].slice(0, ERRORS_MAX);
}

function errorsWithin(schema: TSchema, value: unknown, pointer: string): ValidationError[] {
  const isSound = lengthError(schema, value) === null && Check(schema, value);
  return isSound ? [] : validationErrors(schema, value, pointer);
}

/** What is wrong with its length, if something is. */
function lengthError(schema: TSchema, value: unknown): string | null {
  const { maxItems = Number.POSITIVE_INFINITY, properties, maxProperties } = schema as Shape;
  if (Array.isArray(value)) {
    return value.length > maxItems ? `must not have more than ${maxItems} items` : null;
  }
  const keysMax = maxProperties ?? (properties ? KEYS_MAX : Number.POSITIVE_INFINITY);
  return isObject(value) && Object.keys(value).length > keysMax ? "has too many keys" : null;
}

function ownErrors(schema: TSchema, value: unknown, pointer: string): ValidationError[] {
  const [, errors] = Errors(schema, value);
  return errors.flatMap((error) => describeError(error, pointer));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function describeError(error: TLocalizedValidationError, parent: string): ValidationError[] {
  const pointer = `${parent}${error.instancePath}`;
  switch (error.keyword) {
    case "required":
      return error.params.requiredProperties.map((key) =>
        at(`${pointer}/${escapePointer(key)}`, "is required"),
      );
    case "boolean":
      return [at(pointer, "is not a known key")];
    case "additionalProperties":
      return []; // each such key has been named as "boolean"
    case "enum":
      return [at(pointer, `must be one of ${error.params.allowedValues.join(", ")}`)];
    case "pattern":
      return [at(pointer, "holds a character, or has a form, that is not allowed")];
    default:
      return [at(pointer, error.message)];
  }
}

function at(pointer: string, message: string): ValidationError {
  return { pointer: pointer.slice(0, POINTER_LENGTH_MAX), message };
}

function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
