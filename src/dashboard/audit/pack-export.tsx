/**
 * A pack of what the time range is of: entries, head, keys and proofs in a tar, which the verifier takes offline.
 * Making one is itself an entry.
 */
import { formatTime } from "#dashboard/parts/format-figure.ts";
import { place } from "#dashboard/place/place.ts";
import { readPin } from "#dashboard/proof/pinned-log.ts";
import type { KeyListAnswer } from "./audit-answers.ts";
import { auditBounds } from "./audit-query.ts";
import { packPath } from "./fetch-pack.ts";
import { PackDownload } from "./pack-download.tsx";

interface PackExportTerms {
  org: string;
  log: number;
  nowMs: number;
  keys: KeyListAnswer["keys"];
}

export function PackExport({ org, log, nowMs, keys }: PackExportTerms) {
  const { query } = place.value;
  const bounds = auditBounds(query, nowMs);
  // The one that was kept, or compared, is worth more than what the server lists now.
  const vkey = readPin(localStorage, org, log)?.vkey ?? keys.at(-1)?.vkey ?? null;
  return (
    <details class="pack">
      <summary>Evidence pack of {rangeText(bounds)}</summary>
      <p>
        It has all that was recorded then, whatever else the filters say: entries, the signed head,
        keys and proofs in one file that can be verified without this server. That it was made is an
        entry, too.
      </p>
      <PackDownload {...{ org, vkey }} path={packPath(org, log, bounds)} />
    </details>
  );
}

function rangeText({ fromMs, toMs }: { fromMs: number | null; toMs: number | null }): string {
  const time = (ms: number) => `${formatTime(ms, "utc", "s")} UTC`;
  if (fromMs === null && toMs === null) return "the whole log";
  if (toMs === null) return `all since ${time(fromMs ?? 0)}`;
  return fromMs === null ? `all until ${time(toMs)}` : `${time(fromMs)} until ${time(toMs)}`;
}
