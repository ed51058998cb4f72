import type { Attributes } from "#formats/otlp/trace-model.ts";

/** What a request turned out to be, as its span describes it. */
export interface ServedOperation {
  /** "tools/call search". */
  readonly name: string;
  readonly attributes: Attributes;
}
