/** A verdict in a word with its sign. */
import { type ProofTone, SIGNS } from "./proof-words.ts";

export function ProofMark({ tone, word }: { tone: ProofTone; word: string }) {
  return (
    <span class={`proof-mark proof-${tone}`}>
      <span class="proof-sign" aria-hidden="true">
        {SIGNS[tone]}
      </span>
      {word}
    </span>
  );
}
