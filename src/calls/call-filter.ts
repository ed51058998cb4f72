/** Which calls of an org are asked for. */
import type { Outcome } from "./outcome.ts";

/** Of what a call may be without, "" asks for calls without it. */
export interface CallFilter {
  workspace?: string | undefined;
  plugin?: string | undefined;
  tool?: string | undefined;
  instance?: string | undefined;
  actor?: string | undefined;
  traceId?: string | undefined;
  requestId?: string | undefined;
  sessionId?: string | undefined;
  errorCode?: string | undefined;
  errorHash?: string | undefined;
  errorFingerprint?: string | undefined;
  outcomes?: readonly Outcome[] | undefined;
  /** Bounds of started_at: from is inclusive, to exclusive. */
  fromMs?: number | undefined;
  toMs?: number | undefined;
  minDurationUs?: number | undefined;
  maxDurationUs?: number | undefined;
}
