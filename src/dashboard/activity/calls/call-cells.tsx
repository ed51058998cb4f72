/** What the cells of a list of calls show. */
import type { ComponentChildren } from "preact";
import { msOf } from "#dashboard/activity/answers.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import {
  formatBytes,
  formatDuration,
  formatTime,
  UNKNOWN,
} from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Outcome } from "#dashboard/parts/outcome.tsx";
import { isOutcome } from "#dashboard/parts/outcomes.ts";
import type { Zone } from "#dashboard/place/time-range.ts";

const IDS: readonly (keyof CallAnswer)[] = [
  "id",
  "error_fingerprint",
  "error_hash",
  "trace_id",
  "span_id",
  "parent_span_id",
];

export function callCell(call: CallAnswer, name: keyof CallAnswer, zone: Zone): ComponentChildren {
  const value = call[name];
  if (value === null) return <span class="muted">{UNKNOWN}</span>;
  if (name === "started_at" || name === "ingested_at") {
    return <span class="time">{formatTime(msOf(String(value)), zone, "ms")}</span>;
  }
  if (name === "duration_ms" || name === "lag_ms") return formatDuration(Number(value));
  if (name === "request_bytes" || name === "response_bytes") return formatBytes(Number(value));
  if (name === "outcome" && isOutcome(call.outcome)) return <Outcome outcome={call.outcome} />;
  return <Hostile text={String(value)} isCode={IDS.includes(name)} />;
}
