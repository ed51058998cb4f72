/**
 * How an org's spans are read: its own names of attributes, tried before the conventions', in the span, then
 * in its resource; and how long a caller's span waits for its server's.
 */
export interface SpanMapping {
  readonly workspace?: readonly string[];
  readonly plugin?: readonly string[];
  readonly instance?: readonly string[];
  /** Looked for in the span only. A span that has such an attribute is a tool call by that alone. */
  readonly tool?: readonly string[];
  readonly actor?: readonly string[];
  readonly callerWaitSeconds?: number;
}

/** Exporters send each five seconds, collectors hold back for about as long, and clocks differ. */
export const CALLER_WAIT_SECONDS_MAX = 30;
