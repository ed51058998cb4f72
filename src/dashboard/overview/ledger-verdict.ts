/** What is to be said of a log at once. Reading this needs no ledger: it is what D1 was last told. */
import { formatCount, formatCounted, formatDuration } from "#dashboard/parts/format-figure.ts";
import type { Tone } from "#dashboard/parts/tone.ts";
import type { LedgerStatus } from "./overview-answers.ts";

export interface LedgerVerdict {
  readonly tone: Tone;
  readonly words: string;
}

/** The cron signs each minute: an entry that is older was missed. */
const SIGNED_MS_MAX = 180_000;

export function ledgerVerdict(status: LedgerStatus, nowMs: number): LedgerVerdict {
  const { frozen, frozen_reason, misconfigured, unsigned_entries, unsigned_since } = status;
  if (frozen) return { tone: "bad", words: `frozen: ${frozen_reason ?? "no reason is told"}` };
  if (misconfigured !== null) return { tone: "bad", words: `not signed: ${misconfigured}` };
  if (status.tree_size === 0) return { tone: "none", words: "no entry yet" };
  if (unsigned_entries === 0) return { tone: "good", words: "every entry is signed" };
  // By the entry, not by the last head: in a log that was quiet for hours that is old, and nothing is late.
  const waitsMs =
    unsigned_since === null ? Number.POSITIVE_INFINITY : nowMs - Date.parse(unsigned_since);
  if (waitsMs <= SIGNED_MS_MAX) {
    return { tone: "good", words: `${formatCount(unsigned_entries)} to be signed within a minute` };
  }
  const since =
    unsigned_since === null ? "since an unknown time" : `for ${formatDuration(waitsMs)}`;
  return {
    tone: "warn",
    words: `${formatCounted(unsigned_entries, "entry", "entries")} unsigned ${since}`,
  };
}
