/**
 * A span while it runs, and which one runs now. Its description is asked for only when it is exported: the
 * spans of most requests never are, and cost two times and a closure each.
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
  /** Null unless the span failed. */
  errorType: string | null = null;
  #id: string | null = null;
  #attributes: Map<string, AttributeValue> | null = null;

  /** `id`: where it was told of before the span began. */
  constructor(
    trace: LocalTrace,
    parent: ActiveSpan | null,
    describe: Describe,
    startMs: number,
    id: string | null = null,
  ) {
    this.trace = trace;
    this.parent = parent;
    this.describe = describe;
    this.startMs = startMs;
    this.#id = id;
  }

  /** The span's id, made when it is needed: for an export, or for a call that carries it. */
  get id(): string {
    this.#id ??= newSpanId();
    return this.#id;
  }

  /** Sets an attribute that is learnt while the span runs, and that `describe` does not know. */
  set(key: string, value: AttributeValue): void {
    this.#attributes ??= new Map();
    this.#attributes.set(key, value);
  }

  get laterAttributes(): Attributes | null {
    return this.#attributes;
  }

  /** Keeps the error's class only: its message may quote a tenant's data. */
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

/** The spans that `work` starts are the children of this one. Without a trace only the work is done. */
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
