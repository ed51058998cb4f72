/** An entry's proof in a line; all of it is on the entry's own page. */
import { ProofMark } from "./proof-mark.tsx";
import { wordsOf } from "./proof-words.ts";
import { type ProvedEntry, useEntryProof } from "./use-entry-proof.ts";

export function ProofLine({ entry }: { entry: ProvedEntry }) {
  const { state } = useEntryProof(entry);
  const words = wordsOf(state);
  const failed =
    state.kind === "judged" ? state.report.checks.filter((check) => check.state === "failed") : [];
  return (
    <div class="proof-brief" data-proof={words.tone}>
      <ProofMark tone={words.tone} word={words.word} /> <span class="muted">{words.told}</span>
      {failed.map(({ name, told }) => (
        <p key={name} class="proof-told">
          {told}
        </p>
      ))}
    </div>
  );
}
