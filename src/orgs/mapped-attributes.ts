/** An org's own names of attributes, tried before the conventions': in the span, then in its resource. */
export interface SpanMapping {
  readonly workspace?: readonly string[];
  readonly plugin?: readonly string[];
  readonly instance?: readonly string[];
  /** Looked for in the span only. A span that has such an attribute is a tool call by that alone. */
  readonly tool?: readonly string[];
  readonly actor?: readonly string[];
}
