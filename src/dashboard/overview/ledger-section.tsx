import { useAsk } from "#dashboard/api/ask.ts";
import { serverNowMs } from "#dashboard/api/server-clock.ts";
import { Age } from "#dashboard/parts/age.tsx";
import { Answered } from "#dashboard/parts/answered.tsx";
import { Figure } from "#dashboard/parts/figure.tsx";
import { formatCount, formatCounted } from "#dashboard/parts/format-figure.ts";
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
      <h2 id="ledger">Audit log</h2>
      {isForbidden ? (
        <Empty title="This session may not read the audit log">
          <p>
            Its token has no <code>audit:read</code>.
          </p>
        </Empty>
      ) : (
        <Answered asked={asked} label="Asking for the log's head">
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
        label="Signed head"
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
        label="Not signed yet"
        value={formatCount(unsigned_entries)}
        note={frozen ? "and none will be" : "entries after the last checkpoint"}
        tone={frozen ? "bad" : undefined}
        href={audit}
      />
      <Figure
        label="All proven anew"
        value={pass === null ? "not yet" : <Age atMs={Date.parse(pass.completed_at)} />}
        note={
          pass === null
            ? "once a day, by the server"
            : `${formatCounted(pass.size, "entry", "entries")}, none changed`
        }
        href={audit}
      />
    </div>
  );
}
