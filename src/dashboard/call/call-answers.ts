/** What the API answers of one call: `GET …/invocations/{id}` and `GET …/invocations/{id}/trace`. */
import type { CanonicalObject } from "#formats/canonical-json.ts";

export interface StageTiming {
  readonly span_id: string | null;
  readonly started_at: string | null;
  readonly duration_ms: number | null;
  readonly found_by: "stage" | "parent" | "child" | "call" | null;
}

export interface AnsweredSpan {
  readonly span_id: string;
  readonly parent_span_id: string | null;
  readonly name: string;
  readonly kind: string;
  readonly service: string | null;
  readonly started_at: string;
  /** After the first span's start. */
  readonly offset_ms: number;
  readonly duration_ms: number;
  readonly status: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly invocation_id: string | null;
}

/** Without `audit:read` the event has its action, outcome, target and times only. */
export interface CallEntryAnswer {
  readonly log: number;
  readonly seq: number;
  readonly hash: string;
  readonly previous_hash: string;
  readonly event: CanonicalObject;
}

export interface TraceAnswer {
  readonly identity: StageTiming & {
    readonly actor: string | null;
    readonly session_id: string | null;
    readonly request_id: string | null;
    readonly instance_id: string;
  };
  readonly policy: StageTiming & {
    readonly decision: string | null;
    readonly action: string | null;
    readonly log: number | null;
    readonly seq: number | null;
  };
  readonly dispatch: StageTiming & {
    readonly workspace: string;
    readonly plugin: string;
    readonly tool: string;
    readonly outcome: string;
    readonly error_code: string | null;
  };
  readonly audit: readonly CallEntryAnswer[];
  readonly spans: readonly AnsweredSpan[];
}
