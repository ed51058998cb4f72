/** A call's trace, as it is answered. */
import { getJson } from "../harness/answers.ts";

interface Timing {
  span_id: string | null;
  started_at: string | null;
  duration_ms: number | null;
  found_by: string | null;
}

export interface CallTrace {
  identity: Timing & Record<string, unknown>;
  policy: Timing & Record<string, unknown>;
  dispatch: Timing & Record<string, unknown>;
  audit: { log: number; seq: number; event: Record<string, unknown> }[];
  spans: ({ span_id: string; name: string } & Record<string, unknown>)[];
}

/** To the administrator. */
export function traceOf(org: string, id: string): Promise<CallTrace> {
  return getJson(`/v1/orgs/${org}/invocations/${id}/trace`);
}
