/**
 * OpenTelemetry's member of a tracestate, with sampling in two of its sub-keys.
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/ (Development)
 *
 *   ot=th:e6666666666666;rv:6e6d1a75832a2f
 *
 *   th  the rejection threshold by which the trace was sampled, 1 to 14 hex digits from the left
 *   rv  explicit randomness in place of that of the trace id, 14 hex digits
 */
export interface OtMember {
  readonly threshold: bigint | null;
  readonly randomness: bigint | null;
  /** Sub-keys of other concerns with their values, as they came: they are to be preserved. */
  readonly others: readonly string[];
}

export const OT_KEY = "ot";

/** The number of values that a threshold or a randomness can have. */
export const SAMPLING_RANGE = 2n ** 56n;

/** "The complete list length MUST NOT exceed 256 characters", as any value of a tracestate. */
const LENGTH_MAX = 256;
const HEX_DIGITS = 14;

const SUB_KEY = /^([a-z][a-z0-9]*):([A-Za-z0-9._-]*)$/;
const THRESHOLD = /^[0-9a-f]{1,14}$/;
const RANDOMNESS = /^[0-9a-f]{14}$/;

/**
 * Null unless the value follows the grammar, with every sub-key once. A `th` or `rv` that follows
 * it but is not what its section says counts as absent, as does all of a malformed value.
 */
export function parseOtMember(value: string): OtMember | null {
  if (value.length > LENGTH_MAX) return null;
  const subKeys = new Map<string, string>();
  for (const text of value.split(";")) {
    const [, key, subValue] = SUB_KEY.exec(text) ?? [];
    if (key === undefined || subValue === undefined || subKeys.has(key)) return null;
    subKeys.set(key, subValue);
  }
  const { th = "", rv = "", ...others } = Object.fromEntries(subKeys);
  return {
    threshold: THRESHOLD.test(th) ? BigInt(`0x${th.padEnd(HEX_DIGITS, "0")}`) : null,
    randomness: RANDOMNESS.test(rv) ? BigInt(`0x${rv}`) : null,
    others: Object.entries(others).map(([key, subValue]) => `${key}:${subValue}`),
  };
}

/**
 * Null if there is nothing to say, or more than fits into a member: "Setting values" asks to
 * abort then, and not to cut.
 */
export function formatOtMember({ threshold, randomness, others }: OtMember): string | null {
  const subKeys = [...others];
  if (randomness !== null) subKeys.unshift(`rv:${formatHex(randomness)}`);
  if (threshold !== null) subKeys.unshift(`th:${formatThreshold(threshold)}`);
  const value = subKeys.join(";");
  return value === "" || value.length > LENGTH_MAX ? null : value;
}

/**
 * The threshold's digits without trailing zeros, but with the leading ones: a reader fills up on the
 * right. (The example code of "Converting integer threshold to a T-value" loses them for
 * probabilities over 15/16.)
 */
function formatThreshold(threshold: bigint): string {
  return threshold === 0n ? "0" : formatHex(threshold).replace(/0+$/, "");
}

function formatHex(number: bigint): string {
  if (number < 0n || number >= SAMPLING_RANGE) {
    throw new RangeError(`thresholds and randomness have 56 bits, got ${number}`);
  }
  return number.toString(16).padStart(HEX_DIGITS, "0");
}
