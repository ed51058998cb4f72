/** A call as the API answers it: `GET …/invocations` and `GET …/invocations/{id}`. */
export interface CallAnswer {
  readonly id: string;
  readonly workspace: string;
  readonly plugin: string;
  readonly tool: string;
  readonly instance_id: string;
  readonly started_at: string;
  readonly duration_ms: number;
  readonly outcome: string;
  readonly error_code: string | null;
  readonly error_hash: string | null;
  readonly error_fingerprint: string | null;
  readonly actor: string | null;
  readonly session_id: string | null;
  readonly request_id: string | null;
  readonly trace_id: string | null;
  readonly span_id: string | null;
  readonly parent_span_id: string | null;
  readonly request_bytes: number | null;
  readonly response_bytes: number | null;
  readonly ingested_at: string;
  readonly lag_ms: number;
  readonly has_payload: boolean;
  /** Under which name its figures count it, where that is not its own. */
  readonly counted_as: "__other__" | "__unknown__" | null;
}
