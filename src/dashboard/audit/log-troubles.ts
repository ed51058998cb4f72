/** What is wrong with a log, by its own word; whether that is true is for a proof to tell. */

import { serverNowMs } from "#dashboard/api/server-clock.ts";
import type { Tone } from "#dashboard/parts/tone.ts";
import type { LogStatusAnswer } from "./audit-answers.ts";

/** It is signed each minute; the verifier calls it late then, too. */
const UNSIGNED_MS_MAX = 15 * 60_000;

/** A head is late if something has waited for the next one: in a quiet log it is old, and nothing is late. */
export function headTone(status: LogStatusAnswer, nowMs = serverNowMs()): Tone {
  const { unsigned_since: since, unsigned_entries: unsigned, frozen } = status;
  if (frozen) return "bad";
  if (unsigned === 0) return "good";
  if (since === null) return "warn";
  return nowMs - Date.parse(since) > UNSIGNED_MS_MAX ? "bad" : "good";
}

export function logTroubles(status: LogStatusAnswer): string[] {
  const { frozen, frozen_reason: reason, frozen_at: at, successor, misconfigured } = status;
  const troubles: string[] = [];
  if (frozen) {
    const next = successor === null ? "" : ` Log ${successor} succeeds it.`;
    troubles.push(
      `The log is frozen${at === null ? "" : ` since ${at}`}: ${reason ?? "no reason told"}.${next}`,
    );
  }
  if (misconfigured !== null) {
    troubles.push(
      `The log cannot be signed: the setting ${misconfigured} of the deployment is not its own.`,
    );
  }
  if (status.recorded_ahead_until !== null) {
    troubles.push(
      `The server's clock was ahead: entries are recorded as of ${status.recorded_ahead_until}.`,
    );
  }
  return troubles;
}
