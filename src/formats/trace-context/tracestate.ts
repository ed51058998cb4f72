/**
 * The `tracestate` header: W3C Trace Context Level 2 §3.3, https://www.w3.org/TR/trace-context-2/
 *
 *   ot=th:8,rojo=00f067aa0ba902b7
 *
 * The leftmost member is that of the last system to write one.
 */
export interface TracestateMember {
  readonly key: string;
  readonly value: string;
}

/** The most members that §3.3.2 allows. */
export const TRACESTATE_MEMBERS_MAX = 32;
/** §3.3.3.1: the length that everyone passes on at the least is the most that we pass on. */
export const TRACESTATE_LENGTH_MAX = 512;
/** §3.3.3.1: longer members go first when the header is too long. */
const LARGE_MEMBER_LENGTH = 128;

/**
 * 32 members of the greatest length take 16 447 characters; the rest is room for whitespace and
 * empty members. What is longer may come from a body, and is not worth the reading.
 */
const READ_LENGTH_MAX = 32_768;

/** §3.3.2 "Key". Level 1's `tenant@system` is one of these. */
const KEY = "[a-z0-9][a-z0-9_\\-*/@]{0,255}";
/** §3.3.2 "Value": printable without comma and equals sign; spaces may lead, but not trail. */
const VALUE = "[ -+\\--<>-~]{0,255}[!-+\\--<>-~]";

const EMPTY_MEMBER = /^[ \t]*$/;
const MEMBER = new RegExp(`^[ \\t]*(${KEY})=(${VALUE})[ \\t]*$`);
const WHOLE_KEY = new RegExp(`^${KEY}$`);
const WHOLE_VALUE = new RegExp(`^${VALUE}$`);

/**
 * Null if the header is invalid: it is discarded whole (§4.1.2 step 3). A request without one has
 * no members. Several headers are handed in joined by commas (RFC 9110 §5.3), and empty members do
 * not count (§5.6.1 there). Of members with one key the leftmost is kept, which is the latest:
 * §3.3.3 allows one per key, and §3.5 allows to discard the others.
 */
export function parseTracestate(header: string | null): TracestateMember[] | null {
  if (header === null) return [];
  if (header.length > READ_LENGTH_MAX) return null;
  const texts = header.split(",").filter((text) => !EMPTY_MEMBER.test(text));
  if (texts.length > TRACESTATE_MEMBERS_MAX) return null;
  const members = new Map<string, string>();
  for (const text of texts) {
    const [, key, value] = MEMBER.exec(text) ?? [];
    if (key === undefined || value === undefined) return null;
    if (!members.has(key)) members.set(key, value);
  }
  return Array.from(members, ([key, value]) => ({ key, value }));
}

/**
 * The header, empty if there is nothing to send. §3.3.3.1: members are dropped whole until it is
 * short enough, those of more than 128 characters first. Both kinds go from the end, where the
 * oldest are, and no more of them than must.
 */
export function formatTracestate(members: readonly TracestateMember[]): string {
  const texts = members.map(({ key, value }) => `${key}=${value}`);
  const dropped = new Set<number>();
  let excess = texts.join(",").length - TRACESTATE_LENGTH_MAX;
  for (const index of dropOrder(texts)) {
    if (excess <= 0) break;
    dropped.add(index);
    excess -= texts[index]!.length + ",".length;
  }
  return texts.filter((_, index) => !dropped.has(index)).join(",");
}

/** §3.5: the member that is written comes to the left, and a 33rd falls off the right (§3.3.2). */
export function withMember(
  members: readonly TracestateMember[],
  key: string,
  value: string,
): TracestateMember[] {
  if (!WHOLE_KEY.test(key) || !WHOLE_VALUE.test(value)) {
    throw new RangeError(`no member of a tracestate: ${key}=${value}`);
  }
  return [{ key, value }, ...withoutMember(members, key)].slice(0, TRACESTATE_MEMBERS_MAX);
}

/** §3.5: only for keys of our own. Deleting a stranger's breaks its correlation. */
export function withoutMember(
  members: readonly TracestateMember[],
  key: string,
): TracestateMember[] {
  return members.filter((member) => member.key !== key);
}

export function memberOf(members: readonly TracestateMember[], key: string): string | null {
  return members.find((member) => member.key === key)?.value ?? null;
}

function dropOrder(texts: readonly string[]): number[] {
  const fromTheEnd = Array.from(texts.keys()).reverse();
  const isLarge = (index: number) => texts[index]!.length > LARGE_MEMBER_LENGTH;
  return [
    ...fromTheEnd.filter((index) => isLarge(index)),
    ...fromTheEnd.filter((index) => !isLarge(index)),
  ];
}
