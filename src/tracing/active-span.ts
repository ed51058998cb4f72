/**
 * A span while it runs, and which one runs now. What it says of itself is asked for when it is exported:
 * of most requests nothing is, and they pay for two times and a closure a span.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Attributes, AttributeValue } from "#formats/otlp/trace-model.ts";
import { FailureError } from "#platform/errors.ts";
import type { LocalTrace } from "./local-trace.ts";
import { newSpanId } from "./random-ids.ts";

export interface SpanDescription {
  readonly name: string;
  /** `SPAN_KIND` of src/formats/otlp/trace-model.ts. */
  readonly kind: number;
  readonly attributes: Attributes;
}

export type Describe = () => SpanDescription;

/** Semantic conventions, `error.type`: low in cardinality; `_OTHER` where nothing better is known. */
const ERROR_TYPE = /^[A-Za-z_][\w.]{0,63}$/;

export class ActiveSpan {
  readonly trace: LocalTrace;
  readonly parent: ActiveSpan | null;
  readonly describe: Describe;
  readonly startMs: number;
  endMs: number | null = null;
  /** Null unless it failed. */
  errorType: string | null = null;
  #id: string | null = null;
  #attributes: Map<string, AttributeValue> | null = null;

  constructor(trace: LocalTrace, parent: ActiveSpan | null, describe: Describe, startMs: number) {
    this.trace = trace;
    this.parent = parent;
    this.describe = describe;
    this.startMs = startMs;
  }

  /** Made when it is needed: for an export, or for a call that carries it. */
  get id(): string {
    this.#id ??= newSpanId();
    return this.#id;
  }

  /** What is known only later than `describe`. */
  set(key: string, value: AttributeValue): void {
    this.#attributes ??= new Map();
    this.#attributes.set(key, value);
  }

  get laterAttributes(): Attributes | null {
    return this.#attributes;
  }

  /** Its class only: a message may quote a tenant's data. */
  failWith(error: unknown): void {
    this.errorType = errorTypeOf(error);
  }

  end(nowMs: number = Date.now()): void {
    this.endMs ??= nowMs;
  }
}

export function errorTypeOf(error: unknown): string {
  if (error instanceof FailureError) return error.failure.kind;
  const name = error instanceof Error ? error.name : "";
  return ERROR_TYPE.test(name) ? name : "_OTHER";
}

const current = new AsyncLocalStorage<ActiveSpan>();

/** Null outside of any trace, and once the trace has ended. */
export function activeSpan(): ActiveSpan | null {
  const span = current.getStore();
  return span === undefined || span.trace.isEnded ? null : span;
}

export function runInSpan<Result>(span: ActiveSpan, work: () => Result): Result {
  return current.run(span, work);
}

/** The spans that `work` starts are the children of this one. Without a trace it is only the work. */
export function withSpan<Result>(
  describe: Describe,
  work: (span: ActiveSpan | null) => Promise<Result>,
): Promise<Result> {
  return measured(describe, (span) =>
    span === null ? work(null) : current.run(span, () => work(span)),
  );
}

/** As `withSpan`, for work that starts no spans of its own. */
export async function measured<Result>(
  describe: Describe,
  work: (span: ActiveSpan | null) => Promise<Result>,
): Promise<Result> {
  const parent = activeSpan();
  const span = parent?.trace.start(parent, describe) ?? null;
  if (span === null) return work(null);
  try {
    return await work(span);
  } catch (error) {
    span.failWith(error);
    throw error;
  } finally {
    span.end();
  }
}
