/**
 * A call's arguments as policy reads them: the members that the tool declares, by the types that it declares.
 * Nothing is converted, rounded or cut: what does not fit is not read, and a policy that asks for it then decides
 * as if it said the worst (engine/approximation.ts).
 */
import type { InputMember, InputRecord, InputType } from "./input-type.ts";

/** Cedar's JSON, of our making. */
export type CedarValue =
  | string
  | number
  | boolean
  | readonly CedarValue[]
  | { readonly [name: string]: CedarValue };
export type CedarRecord = Readonly<Record<string, CedarValue>>;

/** Which members of the arguments a policy set reads. */
export type InputReads = "none" | "all" | readonly string[];

/** Of what is read: what a decision may cost. A set of so many values takes Cedar milliseconds. */
const VALUES_MAX = 10_000;

export interface InputTerms {
  readonly reads: InputReads;
  readonly charactersMax: number;
}

/** Thrown and caught in here: the arguments do not fit. */
class UnreadableInput extends Error {}

/**
 * Null where the arguments are not what the tool declares, as far as `reads` goes, or their texts have more
 * characters in all.
 */
export function typedInput(
  type: InputRecord,
  input: unknown,
  { reads, charactersMax }: InputTerms,
): CedarRecord | null {
  try {
    return new InputReader(charactersMax).readInput(type, input ?? {}, reads);
  } catch (error) {
    if (error instanceof UnreadableInput) return null;
    throw error;
  }
}

class InputReader {
  readonly #charactersMax: number;
  #values = 0;
  #characters = 0;

  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax;
  }

  readInput(type: InputRecord, input: unknown, reads: InputReads): CedarRecord {
    const isRead = (name: string) => reads === "all" || reads.includes(name);
    return this.#record(type, input, isRead);
  }

  #record(
    { members }: InputRecord,
    value: unknown,
    isRead: (name: string) => boolean,
  ): CedarRecord {
    const given = declared(members, value);
    const record: [string, CedarValue][] = [];
    for (const [name, member] of members) {
      if (!isRead(name)) continue;
      if (Object.hasOwn(given, name)) record.push([name, this.#member(member, given[name])]);
      else if (member.isRequired) refuse();
    }
    return Object.fromEntries(record);
  }

  /** A policy may have been written when it had a type: a guard (`has`) must not pass it over now. */
  #member({ type }: InputMember, value: unknown): CedarValue {
    return type === null ? refuse() : this.#value(type, value);
  }

  #value(type: InputType, value: unknown): CedarValue {
    this.#values += 1;
    if (this.#values > VALUES_MAX) refuse();
    switch (type.kind) {
      case "string":
        return this.#text(value);
      case "boolean":
        return typeof value === "boolean" ? value : refuse();
      case "long":
        // A double holds no other integer without a doubt. -0 is 0.
        return Number.isSafeInteger(value) ? (value as number) + 0 : refuse();
      case "decimal":
        return { __extn: { fn: "decimal", arg: decimalText(value) } };
      case "set":
        return Array.isArray(value)
          ? value.map((element) => this.#value(type.element, element))
          : refuse();
      case "record":
        return this.#record(type, value, () => true);
    }
  }

  #text(value: unknown): string {
    if (typeof value !== "string" || !value.isWellFormed()) return refuse();
    this.#characters += value.length;
    return this.#characters > this.#charactersMax ? refuse() : value;
  }
}

/** The upstream may know what its schema does not tell: no policy can have been written for that. */
function declared(
  members: InputRecord["members"],
  value: unknown,
): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse();
  if (Object.keys(value).some((name) => !members.has(name))) refuse();
  return value as Readonly<Record<string, unknown>>;
}

/** Four digits at most, within 64 bits of ten-thousandths; cutting off a fifth could bring it below a limit. */
const DECIMAL = /^(-?\d{1,14})(\.\d{1,4})?$/;

function decimalText(value: unknown): string {
  if (typeof value !== "number") return refuse();
  const [, whole, fraction = ".0"] = DECIMAL.exec(String(value)) ?? refuse();
  return `${whole}${fraction}`;
}

function refuse(): never {
  throw new UnreadableInput();
}
