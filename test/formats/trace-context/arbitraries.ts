import fc from "fast-check";
import type { TraceContext } from "#formats/trace-context/trace-context.ts";
import {
  TRACESTATE_MEMBERS_MAX,
  type TracestateMember,
} from "#formats/trace-context/tracestate.ts";

const KEY_START = [..."abcdefghijklmnopqrstuvwxyz0123456789"];
const KEY_CHARACTERS = [...KEY_START, ..."_-*/@"];
const VALUE_END = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).filter(
  (character) => character !== "," && character !== "=",
);

const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(..."0123456789abcdef"), { minLength: digits, maxLength: digits })
    .map((all) => all.join(""))
    .filter((text) => !/^0+$/.test(text));

const textOf = (units: readonly string[], maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...units), maxLength, size: "max" });

/** Any UTF-16, as a body may hold it; the `binary` strings of fast-check take seconds to set up. */
export const anyText = fc
  .array(fc.nat({ max: 0xffff }), { maxLength: 20 })
  .map((units) => String.fromCharCode(...units));

export const traceId = hex(32);
export const spanId = hex(16);

const key = fc.tuple(fc.constantFrom(...KEY_START), textOf(KEY_CHARACTERS, 255));
const value = fc.tuple(textOf([" ", ...VALUE_END], 255), fc.constantFrom(...VALUE_END));
const shortKey = fc.tuple(fc.constantFrom(...KEY_START), textOf(KEY_CHARACTERS, 8));
const shortValue = fc.tuple(textOf([" ", ...VALUE_END], 12), fc.constantFrom(...VALUE_END));

/** Half of them short, so that a list of several often fits a header. */
export const member: fc.Arbitrary<TracestateMember> = fc
  .oneof(fc.tuple(shortKey, shortValue), fc.tuple(key, value))
  .map(([keyParts, valueParts]) => ({ key: keyParts.join(""), value: valueParts.join("") }));

export const members = fc.uniqueArray(member, {
  selector: (each) => each.key,
  maxLength: TRACESTATE_MEMBERS_MAX,
});

export const shortMembers = fc.uniqueArray(
  fc.tuple(shortKey, shortValue).map(([keyParts, valueParts]) => ({
    key: keyParts.join(""),
    value: valueParts.join(""),
  })),
  { selector: (each) => each.key, maxLength: 8 },
);

export const context: fc.Arbitrary<TraceContext> = fc.record({
  traceId,
  spanId,
  sampled: fc.boolean(),
  random: fc.boolean(),
  tracestate: shortMembers,
});
