/** The log in figures, and what is wrong with it first. */
import { Age } from "#dashboard/parts/age.tsx";
import { CopyButton } from "#dashboard/parts/copy-button.tsx";
import { Figure } from "#dashboard/parts/figure.tsx";
import { formatCount, formatCounted } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf, hrefWith } from "#dashboard/place/place.ts";
import type { KeyListAnswer, LogStatusAnswer } from "./audit-answers.ts";
import { entryIdOf } from "./audit-query.ts";
import { headTone, logTroubles } from "./log-troubles.ts";

interface LogStateTerms {
  status: LogStatusAnswer;
  keys: KeyListAnswer["keys"];
  /** How many logs the org has: a recovery opens another. */
  logs: number;
}

export function LogState({ status, keys, logs }: LogStateTerms) {
  const { head, checkpoint, log } = status;
  const headHref =
    head === null ? undefined : hrefOf({ page: "entry", id: entryIdOf(log, head.seq) });
  const signedMs = checkpoint === null ? null : Date.parse(checkpoint.signed_at);
  return (
    <section aria-label="State of the log">
      {logTroubles(status).map((trouble) => (
        <p key={trouble} class="notice notice-bad" role="alert">
          {trouble}
        </p>
      ))}
      <div class="log-figures">
        <Figure
          label="Newest entry"
          value={formatCount(head?.seq ?? null)}
          href={headHref}
          note={`${formatCounted(status.tree_size, "entry", "entries")} in all`}
        />
        <Figure
          label="Signed head"
          value={signedMs === null ? "none yet" : <Age atMs={signedMs} />}
          tone={headTone(status)}
          note={
            checkpoint === null
              ? "signed each minute"
              : `of ${formatCounted(checkpoint.size, "entry", "entries")}`
          }
        />
        <Figure
          label="Not signed yet"
          value={formatCount(status.unsigned_entries)}
          note={status.unsigned_entries === 0 ? "all are under the head" : "signed each minute"}
        />
        <Figure
          label="Oldest kept"
          value={formatCount(status.minimum_index)}
          note={`kept for ${formatCount(status.retention.days)} days${holdsText(status.holds)}`}
        />
        <Figure
          label="All proven anew"
          value={<ScrubAge status={status} />}
          note={scrubNote(status)}
        />
      </div>
      <details class="log-keys">
        <summary>Name and keys</summary>
        <p>
          <Hostile text={status.origin} isWhole isCode />
        </p>
        <ul>
          {keys.map(({ vkey, from_size: from, to_size: to }) => (
            <li key={vkey} class="proof-line">
              <code>{vkey}</code>
              <span class="muted">
                signs sizes {formatCount(from)} {to === null ? "and on" : `to ${formatCount(to)}`}
              </span>
              <CopyButton text={vkey} label="Copy key" />
            </li>
          ))}
        </ul>
      </details>
      {logs > 1 && <LogChoice log={log} logs={logs} />}
    </section>
  );
}

function LogChoice({ log, logs }: { log: number; logs: number }) {
  const numbers = Array.from({ length: logs }, (_, at) => at + 1);
  return (
    <nav class="log-choice" aria-label="Logs of the org">
      <span class="muted">A recovery ended earlier logs; they stay readable:</span>
      {numbers.map((number) => (
        <Link
          key={number}
          href={hrefWith({ log: number === logs ? null : String(number), cursor: null })}
          aria-current={number === log ? "page" : undefined}
        >
          log {number}
        </Link>
      ))}
    </nav>
  );
}

function ScrubAge({ status }: { status: LogStatusAnswer }) {
  const done = status.scrub.last_full_pass;
  return done === null ? <>not yet</> : <Age atMs={Date.parse(done.completed_at)} />;
}

function scrubNote({ scrub }: LogStatusAnswer): string {
  const { last_full_pass: done, pass_under_way: running } = scrub;
  if (running !== null) {
    return `under way: ${formatCount(running.position)} of ${formatCount(running.size)}`;
  }
  return done === null
    ? "once a day, by the server"
    : `${formatCounted(done.size, "entry", "entries")}, by the server`;
}

function holdsText(holds: number): string {
  return holds === 0 ? "" : `, ${formatCount(holds)} legal ${holds === 1 ? "hold" : "holds"}`;
}
