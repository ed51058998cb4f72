/** Makes a pack, saves it, and says by which line it is verified without this server. */
import { useState } from "preact/hooks";
import type { Problem } from "#dashboard/api/problem.ts";
import { CopyButton } from "#dashboard/parts/copy-button.tsx";
import { formatBytes } from "#dashboard/parts/format-figure.ts";
import { Failed } from "#dashboard/parts/states.tsx";
import { announce } from "#dashboard/parts/status.tsx";
import { verifyPackCommand } from "#dashboard/proof/command-line.ts";
import { fetchPack, type SavedPack } from "./fetch-pack.ts";

interface PackDownloadTerms {
  org: string;
  path: string;
  /** Null where none is known yet. */
  vkey: string | null;
}

export function PackDownload({ org, path, vkey }: PackDownloadTerms) {
  const usualName = `${org}-audit.tar`;
  const [saved, setSaved] = useState<SavedPack | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    setProblem(null);
    const outcome = await fetchPack(path, usualName);
    setBusy(false);
    if ("problem" in outcome) return setProblem(outcome.problem);
    setSaved(outcome);
    announce(`The pack ${outcome.name} is saved`);
  };
  const command = verifyPackCommand(saved?.name ?? usualName, vkey);
  return (
    <>
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
    </>
  );
}
