/**
 * The `traceparent` header: W3C Trace Context Level 2 §3.2, https://www.w3.org/TR/trace-context-2/
 *
 *   00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
 *
 * version, trace-id, parent-id and trace-flags, in lower case. The same text travels in `_meta` of
 * MCP, so what is read here may be any string, not only what a header can hold.
 */
export interface TraceParent {
  readonly traceId: string;
  /** The span of whoever sent the header. */
  readonly parentId: string;
  readonly sampled: boolean;
  /** §3.2.2.5.2: the rightmost 7 bytes of the trace id are random. The flag goes on as it came. */
  readonly random: boolean;
}

/** §3.2.2.3 and §3.2.2.4: zeros alone are no id. */
const TRACE_ID = "(?!0{32})[0-9a-f]{32}";
const SPAN_ID = "(?!0{16})[0-9a-f]{16}";

/**
 * §3.2.4: a later version may append fields after a dash, which are not read. It cannot append a
 * comma: two headers arrive joined by one (RFC 9110 §5.3), and neither is to be believed.
 */
const HEADER = new RegExp(
  `^[ \\t]*([0-9a-f]{2})-(${TRACE_ID})-(${SPAN_ID})-([0-9a-f]{2})(?:(-[^,]*)|[ \\t]*)$`,
);
const WHOLE_TRACE_ID = new RegExp(`^${TRACE_ID}$`);
const WHOLE_SPAN_ID = new RegExp(`^${SPAN_ID}$`);

const FORBIDDEN_VERSION = "ff";
const SAMPLED_FLAG = 0b01;
const RANDOM_FLAG = 0b10;

/** Null unless the header is valid: without a valid one the trace starts anew (§4.1.2). */
export function parseTraceparent(header: string | null): TraceParent | null {
  const [, version, traceId, parentId, hexFlags = "", laterFields] =
    HEADER.exec(header ?? "") ?? [];
  if (traceId === undefined || parentId === undefined || version === FORBIDDEN_VERSION) return null;
  if (version === "00" && laterFields !== undefined) return null;
  const flags = Number.parseInt(hexFlags, 16);
  return {
    traceId,
    parentId,
    sampled: (flags & SAMPLED_FLAG) !== 0,
    random: (flags & RANDOM_FLAG) !== 0,
  };
}

/**
 * The header is always of the version that this file knows (§3.2.4), with the other flags zero
 * (§3.2.2.5.3), whatever the caller's header had.
 */
export function formatTraceparent({ traceId, parentId, sampled, random }: TraceParent): string {
  if (!WHOLE_TRACE_ID.test(traceId) || !WHOLE_SPAN_ID.test(parentId)) {
    throw new RangeError("a traceparent has 32 and 16 digits of lower-case hex, not all zero");
  }
  const flags = (sampled ? SAMPLED_FLAG : 0) | (random ? RANDOM_FLAG : 0);
  return `00-${traceId}-${parentId}-0${flags}`;
}
