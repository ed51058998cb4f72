/**
 * What a pass does not show, and how to find it out: whose key it is by comparing it, and all else by another program
 * than the page that the audited server sends.
 */
import { useState } from "preact/hooks";
import { CopyButton } from "#dashboard/parts/copy-button.tsx";
import { Dialog } from "#dashboard/parts/dialog.tsx";
import { verifyLogCommand } from "./command-line.ts";
import { forgetPin, keepPin, readPin } from "./pinned-log.ts";
import type { ProofState, ProvedEntry } from "./use-entry-proof.ts";

type JudgedProof = Extract<ProofState, { readonly kind: "judged" }>;

interface LogKeyTerms {
  entry: ProvedEntry;
  state: JudgedProof;
  again(): void;
}

export function LogKey({ entry, state, again }: LogKeyTerms) {
  const { org, log } = entry;
  const { head } = state.report;
  const vkey = state.kept?.vkey ?? head?.vkeys.at(-1) ?? null;
  const command = verifyLogCommand({ url: location.origin, org, log, vkey });
  return (
    <>
      <details class="proof-fold" open={state.report.verdict === "broken"}>
        <summary>
          What this does not show: whose key it is, that the entry is true, that all of the log is
          whole
        </summary>
        <ul class="proof-limits">
          <li>That what the entry says is true: it is what was recorded.</li>
          <li>That all of the log is whole: this is one entry and the head above it.</li>
          <li>Whose key it is, until you compare it with one from elsewhere than this server.</li>
          <li>
            That this page is honest: the audited server sends it. Another program is not its to
            change:
          </li>
        </ul>
        <p class="proof-line">
          <code>{command}</code>
          <CopyButton text={command} label="Copy command" />
        </p>
      </details>
      {vkey !== null && <KeyLine {...{ entry, state, vkey, again }} />}
    </>
  );
}

function KeyLine({ entry, state, vkey, again }: LogKeyTerms & { vkey: string }) {
  const { org, log } = entry;
  const [isForgetting, setForgetting] = useState(false);
  const isCompared = readPin(localStorage, org, log)?.isCompared === true;
  const compare = () => {
    const kept = readPin(localStorage, org, log);
    if (kept !== null) keepPin(localStorage, org, log, { ...kept, isCompared: true });
    again();
  };
  const forget = () => {
    forgetPin(localStorage, org, log);
    setForgetting(false);
    again();
  };
  return (
    <details class="proof-fold" open={state.report.verdict === "broken"}>
      <summary>{keyTitle(state.kept !== null, isCompared)}</summary>
      <p class="proof-line">
        <code>{vkey}</code>
        <CopyButton text={vkey} label="Copy key" />
      </p>
      <p class="proof-actions">
        {isCompared && <span class="muted">You compared it.</span>}
        {!isCompared && state.isKept && (
          <button type="button" class="button button-small" onClick={compare}>
            I compared this key
          </button>
        )}
        {(state.kept !== null || state.isKept) && (
          <button type="button" class="button button-small" onClick={() => setForgetting(true)}>
            Forget what this browser kept
          </button>
        )}
        {!state.isKept && state.report.toKeep !== null && (
          <span class="muted">
            This browser keeps nothing: a log that is rewound will not show.
          </span>
        )}
      </p>
      <Dialog
        title="Forget the kept head and key?"
        isOpen={isForgetting}
        onClose={() => setForgetting(false)}
      >
        <p>
          This browser then takes the next head that it sees for the first. A log that was rewound
          or forked before will no longer show here.
        </p>
        <p class="dialog-actions">
          <button type="button" class="button" onClick={() => setForgetting(false)}>
            Keep
          </button>
          <button type="button" class="button button-danger" onClick={forget}>
            Forget
          </button>
        </p>
      </Dialog>
    </details>
  );
}

function keyTitle(isKept: boolean, isCompared: boolean): string {
  if (isCompared) return "The log's key, which you compared";
  return isKept ? "The log's key, as this browser kept it" : "The log's key: compare it";
}
