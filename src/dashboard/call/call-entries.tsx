/** The ledger's entries about the call, each with its proof. */

import { useState } from "preact/hooks";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { entryIdOf } from "#dashboard/audit/audit-query.ts";
import { EntryDetails } from "#dashboard/audit/entry-details.tsx";
import { CopyButton } from "#dashboard/parts/copy-button.tsx";
import { formatTime } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Empty } from "#dashboard/parts/states.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf, place } from "#dashboard/place/place.ts";
import { zoneOf } from "#dashboard/place/time-range.ts";
import { ProofLine } from "#dashboard/proof/proof-line.tsx";
import { type CanonicalObject, canonicalJson } from "#formats/canonical-json.ts";
import type { CallEntryAnswer, TraceAnswer } from "./call-answers.ts";

/** More are checked on demand: a proof takes some requests. */
const CHECKED_AT_ONCE = 6;

interface CallEntriesTerms {
  org: string;
  call: CallAnswer;
  trace: TraceAnswer;
}

export function CallEntries({ org, call, trace }: CallEntriesTerms) {
  const entries = trace.audit;
  const isWhole = entries.every(({ event }) => typeof event["actor"] === "string");
  return (
    <section aria-labelledby="call-entries">
      <h2 id="call-entries">In the audit log</h2>
      {entries.length === 0 && <NoEntries call={call} />}
      {!isWhole && (
        <p class="notice">
          This session may not read the audit log (scope <code>audit:read</code>): of each entry its
          action, outcome, target and times are shown, and no proof can be checked.
        </p>
      )}
      <ol class="entries">
        {entries.map((entry, at) => (
          <EntryCard
            key={`${entry.log} ${entry.seq}`}
            {...{ org, entry, isWhole }}
            isChecked={at < CHECKED_AT_ONCE}
          />
        ))}
      </ol>
    </section>
  );
}

interface EntryCardTerms {
  org: string;
  entry: CallEntryAnswer;
  isWhole: boolean;
  isChecked: boolean;
}

function EntryCard({ org, entry, isWhole, isChecked }: EntryCardTerms) {
  const [isAsked, setAsked] = useState(isChecked);
  const { log, seq, event } = entry;
  const text = (name: string) => (typeof event[name] === "string" ? event[name] : null);
  return (
    <li class="entry-card">
      <p class="entry-head">
        <Link href={hrefOf({ page: "entry", id: entryIdOf(log, seq) })}>
          Entry {seq}
          {log > 1 && ` of log ${log}`}
        </Link>
        <Hostile text={text("action") ?? ""} isCode />
        <strong>
          <Hostile text={text("outcome") ?? ""} />
        </strong>
        <RecordedAt text={text("recorded_at")} />
      </p>
      {text("actor") !== null && (
        <p>
          <Hostile text={text("actor") ?? ""} /> → <Hostile text={text("target") ?? "no target"} />
        </p>
      )}
      <EntryDetails details={event["details"] as CanonicalObject | null | undefined} />
      {isWhole && isAsked && (
        <ProofLine entry={{ org, log, seq, shown: shownText(event), toldHash: entry.hash }} />
      )}
      {isWhole && !isAsked && (
        <button type="button" class="button button-small" onClick={() => setAsked(true)}>
          Check its proof
        </button>
      )}
    </li>
  );
}

/** In the zone that the rest of the page is read in. */
function RecordedAt({ text }: { text: string | null }) {
  const ms = Date.parse(text ?? "");
  if (text === null || !Number.isFinite(ms)) return null;
  return (
    <time class="muted" dateTime={text}>
      {formatTime(ms, zoneOf(place.value.query), "ms")}
    </time>
  );
}

/** What is shown here is this object, and its canonical text is what was hashed, if it is the entry. */
function shownText(event: CanonicalObject): string {
  try {
    return canonicalJson(event);
  } catch {
    // A value that no entry has: its text fits no hash either.
    return JSON.stringify(event);
  }
}

function NoEntries({ call }: { call: CallAnswer }) {
  return (
    <Empty title="No entry about this call">
      <p>
        Nothing was recorded that names the call, its trace or its request. Where a gateway only
        reports samples, no decision is recorded; one of ours records a decision and a completion of
        each call.
      </p>
      <p class="fact-copy">
        <code>{call.id}</code> <CopyButton text={call.id} label="Copy id" />
      </p>
    </Empty>
  );
}
