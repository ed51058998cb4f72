import { useAsk } from "#dashboard/api/ask.ts";
import { serverNowMs } from "#dashboard/api/server-clock.ts";
import { Age } from "#dashboard/parts/age.tsx";
import { Answered } from "#dashboard/parts/answered.tsx";
import { Figure } from "#dashboard/parts/figure.tsx";
import { formatCount } from "#dashboard/parts/format-figure.ts";
import { Empty } from "#dashboard/parts/states.tsx";
import { hrefFor } from "#dashboard/place/place.ts";
import { ledgerVerdict } from "./ledger-verdict.ts";
import type { LedgerStatus } from "./overview-answers.ts";

/** A log's state changes by the minute, when it is signed. */
const POLL_MS = 30_000;

export function LedgerSection({ org }: { org: string }) {
  const path = `/v1/orgs/${encodeURIComponent(org)}/audit/status`;
  const asked = useAsk<LedgerStatus>(path, { pollMs: POLL_MS });
  const isForbidden = asked.error?.status === 403;
  return (
    <section class="panel" aria-labelledby="ledger">
      <h2 id="ledger">Audit ledger</h2>
      {isForbidden ? (
        <Empty title="This token may not read the ledger">
          <p>
            It has no <code>audit:read</code>.
          </p>
        </Empty>
      ) : (
        <Answered asked={asked} label="Asking for the ledger's head">
          {(status) => <LedgerTiles status={status} />}
        </Answered>
      )}
    </section>
  );
}

function LedgerTiles({ status }: { status: LedgerStatus }) {
  const { tree_size, checkpoint, unsigned_entries, log, frozen } = status;
  const { tone, words } = ledgerVerdict(status, serverNowMs());
  const audit = hrefFor("audit");
  const pass = status.scrub.last_full_pass;
  return (
    <div class="figures">
      <Figure
        label="Head"
        value={checkpoint === null ? "not signed" : <Age atMs={Date.parse(checkpoint.signed_at)} />}
        note={words}
        tone={tone}
        href={audit}
      />
      <Figure
        label="Entries"
        value={formatCount(tree_size)}
        note={log === 1 ? "in one log" : `in log ${log}`}
        href={audit}
      />
      <Figure
        label="Unsigned"
        value={formatCount(unsigned_entries)}
        note={frozen ? "and none will be" : "entries after the last checkpoint"}
        tone={frozen ? "bad" : undefined}
        href={audit}
      />
      <Figure
        label="Read through"
        value={pass === null ? "not yet" : <Age atMs={Date.parse(pass.completed_at)} />}
        note={
          pass === null
            ? "the first pass is to come"
            : `${formatCount(pass.size)} entries, none changed`
        }
        href={audit}
      />
    </div>
  );
}
