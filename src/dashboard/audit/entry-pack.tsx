/** The entry for somebody else's eyes: a pack of it alone, which needs neither this page nor its server. */
import { readPin } from "#dashboard/proof/pinned-log.ts";
import type { ProofState } from "#dashboard/proof/use-entry-proof.ts";
import { entryPackPath } from "./fetch-pack.ts";
import { PackDownload } from "./pack-download.tsx";

interface EntryPackTerms {
  org: string;
  log: number;
  seq: number;
  state: ProofState;
}

export function EntryPack({ org, log, seq, state }: EntryPackTerms) {
  const told = state.kind === "judged" ? (state.report.head?.vkeys.at(-1) ?? null) : null;
  const vkey = readPin(localStorage, org, log)?.vkey ?? told;
  return (
    <section aria-labelledby="entry-pack">
      <h2 id="entry-pack">Evidence</h2>
      <p>
        A pack of this entry: its bytes, the proof that the signed head has it, and the keys. That
        it was made is an entry, too.
      </p>
      <PackDownload {...{ org, vkey }} path={entryPackPath(org, log, seq)} />
    </section>
  );
}
