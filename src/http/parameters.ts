/**
 * Query parameters, as strict as a body: a misspelt filter would silently answer too much. Each states its
 * JSON Schema, for the document, and reads its text: the two stand together, so that they agree.
 */
import { formatTimestamp, parseTimestampMs } from "#formats/rfc3339.ts";
import { ERRORS_MAX, fail, type ValidationError } from "#platform/errors.ts";

export interface Parameter<Value> {
  readonly description: string;
  /** JSON Schema of the value. */
  readonly schema: object;
  readonly isRequired?: true;
  /**
   * True where the parameter may be given several times: the value is one array, and `parse`
   * makes an array of each text.
   */
  readonly isRepeated?: true;
  /** The value of a parameter that is not there. */
  readonly absent: Value;
  /** The value, or what is wrong with the text. */
  readonly parse: (text: string) => Value | Refusal;
}

export class Refusal {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: each has values of its own
export type Parameters = Readonly<Record<string, Parameter<any>>>;

export type ValuesOf<Query extends Parameters> = {
  readonly [Name in keyof Query]: Query[Name] extends Parameter<infer Value> ? Value : never;
};

/** A pointer quotes the sender's name of a parameter up to this length. */
const NAME_LENGTH_MAX = 128;

/**
 * The parameters' values. Unless `isLenient`, each is given at most once (but for repeated ones) and none
 * that is not stated; else 400.
 */
export function readParameters(
  url: string,
  parameters: Parameters,
  { isLenient }: { isLenient: boolean },
): Record<string, unknown> {
  const texts = Map.groupBy(new URL(url).searchParams, ([name]) => name);
  const errors = [...texts].flatMap(([name, given]) => misuse(name, given.length, parameters));
  if (errors.length > 0 && !isLenient) {
    fail({ kind: "invalid_request", errors: errors.slice(0, ERRORS_MAX) });
  }
  const values = Object.entries(parameters).map(([name, parameter]) => [
    name,
    parameterValue(name, parameter, texts.get(name)?.map(([, text]) => text) ?? []),
  ]);
  return Object.fromEntries(values);
}

function misuse(name: string, times: number, parameters: Parameters): ValidationError[] {
  const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (parameter === undefined)
    return [at(name.slice(0, NAME_LENGTH_MAX), "is not a known parameter")];
  return times > 1 && !parameter.isRepeated ? [at(name, "is given twice")] : [];
}

function parameterValue(
  name: string,
  parameter: Parameter<unknown>,
  [text, ...rest]: string[],
): unknown {
  if (text === undefined && parameter.isRequired) return refuseParameter(name, "is required");
  if (text === undefined) return parameter.absent;
  const value = parameter.isRepeated
    ? [text, ...rest].flatMap((each) => parameter.parse(each))
    : parameter.parse(text);
  return value instanceof Refusal ? refuseParameter(name, value.message) : value;
}

/** Refuses a parameter that is known and says something it may not. */
export function refuseParameter(name: string, message: string): never {
  return fail({ kind: "invalid_request", errors: [at(name, message)] });
}

function at(name: string, message: string): ValidationError {
  return { pointer: `/${name}`, message };
}

export function text(description: string): Parameter<string | undefined> {
  return { description, schema: { type: "string" }, absent: undefined, parse: (value) => value };
}

export function oneOf<const Value extends string>(
  description: string,
  values: readonly Value[],
): Parameter<Value | undefined> {
  return {
    description,
    schema: { type: "string", enum: values },
    absent: undefined,
    parse: (given) =>
      values.find((value) => value === given) ?? new Refusal(`must be one of ${values.join(", ")}`),
  };
}

/** One of `values`; the first of them where the parameter is absent. */
export function oneOfOrFirst<const Value extends string>(
  description: string,
  values: readonly [Value, ...Value[]],
): Parameter<Value> {
  const { parse } = oneOf(description, values);
  const [first] = values;
  return {
    description,
    schema: { type: "string", enum: values, default: first },
    absent: first,
    parse: (given) => parse(given) as Value | Refusal,
  };
}

/** Any of `values`, separated by commas; each is told once, however often it was given. */
export function commaListOf<const Value extends string>(
  description: string,
  values: readonly Value[],
): Parameter<Value[] | undefined> {
  const isValue = (part: string): part is Value => values.some((value) => value === part);
  return {
    description,
    schema: { type: "array", items: { type: "string", enum: values } },
    absent: undefined,
    parse: (given) => {
      const parts = given.split(",");
      if (parts.every(isValue)) return [...new Set(parts)];
      return new Refusal(`must be a comma-separated list of ${values.join(", ")}`);
    },
  };
}

/** A whole number, in decimal digits alone. */
export function integer(description: string, bounds: IntegerBounds): Parameter<number | undefined> {
  return {
    description,
    schema: { type: "integer", minimum: bounds.min, maximum: bounds.max },
    absent: undefined,
    parse: (given) => parseInteger(given, bounds),
  };
}

/** One that is `absent` where it is not given. */
export function integerOr(
  description: string,
  { absent, ...bounds }: IntegerBounds & { absent: number },
): Parameter<number> {
  return {
    description,
    schema: { type: "integer", minimum: bounds.min, maximum: bounds.max, default: absent },
    absent,
    parse: (given) => parseInteger(given, bounds),
  };
}

interface IntegerBounds {
  min: number;
  max: number;
  what?: string;
}

function parseInteger(given: string, { min, max, what = "an integer" }: IntegerBounds) {
  const value = /^(0|[1-9]\d{0,15})$/.test(given) ? Number(given) : Number.NaN;
  return value >= min && value <= max ? value : new Refusal(`must be ${what}`);
}

/** RFC 3339, a date (its start, UTC), or epoch milliseconds, as milliseconds. */
export function time(description: string): Parameter<number | undefined> {
  return {
    description: `${description}. RFC 3339, a date (its start, UTC), or epoch milliseconds`,
    schema: { type: ["string", "integer"] },
    absent: undefined,
    parse: (given) =>
      parseTimestampMs(timestampOf(given)) ??
      new Refusal("must be an RFC 3339 date-time, a date or epoch milliseconds"),
  };
}

function timestampOf(given: string): string | number {
  if (/^\d{1,15}$/.test(given)) return Number(given);
  return /^\d{4}-\d{2}-\d{2}$/.test(given) ? `${given}T00:00:00Z` : given;
}

/** A time as `time` reads it, as the RFC 3339 text that is kept of a time. */
export function timestamp(description: string): Parameter<string | undefined> {
  const { parse, ...stated } = time(description);
  return {
    ...stated,
    absent: undefined,
    parse: (given) => {
      const ms = parse(given);
      return typeof ms === "number" ? formatTimestamp(ms) : (ms as Refusal);
    },
  };
}

export function required<Value>(
  parameter: Parameter<Value | undefined>,
): Parameter<Value> & { isRequired: true } {
  return { ...(parameter as Parameter<Value>), isRequired: true };
}
