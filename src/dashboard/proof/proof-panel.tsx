/** An entry's proof with all that it was checked by, and what it does not show. */

import { useEffect } from "preact/hooks";
import { announce } from "#dashboard/parts/status.tsx";
import { Freshness } from "./freshness.tsx";
import { LogKey } from "./log-key.tsx";
import { ProofMark } from "./proof-mark.tsx";
import type { ProofCheck } from "./proof-report.ts";
import { CHECK_TITLES, CHECK_TONES, CHECK_WORDS, wordsOf } from "./proof-words.ts";
import type { AskedProof, ProvedEntry } from "./use-entry-proof.ts";

export function ProofPanel({ entry, proof }: { entry: ProvedEntry; proof: AskedProof }) {
  const { state, again } = proof;
  const words = wordsOf(state);
  useEffect(() => {
    if (state.kind !== "checking") announce(`Proof of entry ${entry.seq}: ${words.word}`);
  }, [state]);
  return (
    <div class={`proof proof-edge-${words.tone}`} data-proof={words.tone}>
      <p class="proof-verdict">
        <ProofMark tone={words.tone} word={words.word} />
        <span>{words.told}</span>
      </p>
      {(state.kind === "unmade" || state.kind === "refused") && (
        <p>
          <button type="button" class="button button-small" onClick={again}>
            Check again
          </button>
        </p>
      )}
      {state.kind === "judged" && (
        <>
          <ul class="proof-checks">
            {state.report.checks.map((check) => (
              <CheckLine key={check.name} check={check} />
            ))}
          </ul>
          {state.report.freshness !== null && <Freshness freshness={state.report.freshness} />}
          <LogKey {...{ entry, state, again }} />
        </>
      )}
    </div>
  );
}

function CheckLine({ check }: { check: ProofCheck }) {
  return (
    <li class="proof-check" data-check={check.name} data-state={check.state}>
      <ProofMark tone={CHECK_TONES[check.state]} word={CHECK_TITLES[check.name]} />
      <span class="proof-told">
        <span class="visually-hidden">{CHECK_WORDS[check.state]}: </span>
        {check.told}
      </span>
    </li>
  );
}
