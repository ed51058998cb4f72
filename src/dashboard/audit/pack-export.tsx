/**
 * A pack of what the time range is of: entries, head, keys and proofs in a tar, which the verifier takes offline.
 * Making one is itself an entry.
 */
import { useState } from "preact/hooks";
import type { Problem } from "#dashboard/api/problem.ts";
import { CopyButton } from "#dashboard/parts/copy-button.tsx";
import { formatBytes, formatTime } from "#dashboard/parts/format-figure.ts";
import { Failed } from "#dashboard/parts/states.tsx";
import { announce } from "#dashboard/parts/status.tsx";
import { place } from "#dashboard/place/place.ts";
import { verifyPackCommand } from "#dashboard/proof/command-line.ts";
import { readPin } from "#dashboard/proof/pinned-log.ts";
import type { KeyListAnswer } from "./audit-answers.ts";
import { auditBounds } from "./audit-query.ts";
import { fetchPack, packPath, type SavedPack } from "./fetch-pack.ts";

interface PackExportTerms {
  org: string;
  log: number;
  nowMs: number;
  keys: KeyListAnswer["keys"];
}

export function PackExport({ org, log, nowMs, keys }: PackExportTerms) {
  const { query } = place.value;
  const bounds = auditBounds(query, nowMs);
  const [saved, setSaved] = useState<SavedPack | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  // The one that was kept, or compared, is worth more than what the server lists now.
  const vkey = readPin(localStorage, org, log)?.vkey ?? keys.at(-1)?.vkey ?? null;
  const make = async () => {
    setBusy(true);
    setProblem(null);
    const outcome = await fetchPack(packPath(org, log, bounds), `${org}-audit.tar`);
    setBusy(false);
    if ("problem" in outcome) return setProblem(outcome.problem);
    setSaved(outcome);
    announce(`The pack ${outcome.name} is saved`);
  };
  const command = verifyPackCommand(saved?.name ?? `${org}-audit.tar`, vkey);
  return (
    <details class="pack">
      <summary>Evidence pack of {rangeText(bounds)}</summary>
      <p>
        It has all that was recorded then, whatever else the filters say: entries, the signed head,
        keys and proofs in one file that can be verified without this server. That it was made is an
        entry, too.
      </p>
      <p class="proof-actions">
        <button type="button" class="button button-main" disabled={isBusy} onClick={make}>
          {isBusy ? "Making the pack…" : "Download the pack"}
        </button>
        {saved !== null && (
          <span>
            {saved.name}, {formatBytes(saved.bytes)}
          </span>
        )}
      </p>
      {problem !== null && <Failed problem={problem} retry={make} />}
      <p>
        In a checkout of MCPG, beside the file, this verifies it
        {saved === null && " (the name is told with the file)"}:
      </p>
      <p class="proof-line">
        <code>{command}</code>
        <CopyButton text={command} label="Copy command" />
      </p>
      <p class="muted">
        The key in it is the one that this browser keeps, else the server's word: compare it with
        one that you have from elsewhere. A README in the pack says how to check it with OpenSSL
        alone.
      </p>
    </details>
  );
}

function rangeText({ fromMs, toMs }: { fromMs: number | null; toMs: number | null }): string {
  const time = (ms: number) => `${formatTime(ms, "utc", "s")} UTC`;
  if (fromMs === null && toMs === null) return "the whole log";
  if (toMs === null) return `all since ${time(fromMs ?? 0)}`;
  return fromMs === null ? `all until ${time(toMs)}` : `${time(fromMs)} until ${time(toMs)}`;
}
