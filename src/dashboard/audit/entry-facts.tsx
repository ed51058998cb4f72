/** What an entry says, read from the very text that is hashed. */

import type { ComponentChildren } from "preact";
import { formatTime, zoneName } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf, place } from "#dashboard/place/place.ts";
import { zoneOf } from "#dashboard/place/time-range.ts";
import { type CanonicalObject, parseCanonicalJson } from "#formats/canonical-json.ts";
import { memberText } from "./audit-answers.ts";
import { AuditOutcome } from "./audit-outcome.tsx";
import { EntryDetails } from "./entry-details.tsx";

export function EntryFacts({ body, log }: { body: string; log: number }) {
  const event = parseCanonicalJson(body);
  if (event === null) {
    return (
      <p class="notice notice-bad" role="alert">
        These bytes are not canonical JSON: what they say would depend on who reads them.
      </p>
    );
  }
  const details = event["details"];
  return (
    <section aria-labelledby="entry-facts">
      <h2 id="entry-facts">What it says</h2>
      <dl class="fact-grid entry-facts">
        <EntryFact event={event} name="action" log={log} filter="action" />
        <Fact name="outcome">
          <AuditOutcome event={event} />
        </Fact>
        <EntryFact event={event} name="actor" log={log} filter="actor" />
        <EntryFact event={event} name="target" log={log} filter="target" />
        <EntryFact event={event} name="workspace" log={log} filter="workspace" />
        <TimeFact event={event} name="occurred_at" />
        <TimeFact event={event} name="recorded_at" />
        <EntryFact event={event} name="recorded_by" log={log} />
        <EntryFact event={event} name="instance_id" log={log} filter="instance" />
        <EntryFact event={event} name="request_id" log={log} filter="request_id" />
        <EntryFact event={event} name="trace_id" log={log} filter="trace_id" />
        <CallFact event={event} />
        <EntryFact event={event} name="event_id" log={log} />
      </dl>
      {typeof details === "object" && details !== null && (
        <>
          <h3>Details</h3>
          <EntryDetails details={details as CanonicalObject} />
        </>
      )}
    </section>
  );
}

interface EntryFactTerms {
  event: CanonicalObject;
  name: string;
  log: number;
  /** By which a search finds entries that say the same. */
  filter?: string;
}

function EntryFact({ event, name, log, filter }: EntryFactTerms) {
  const value = memberText(event, name);
  if (value === null) return <Fact name={name}>{null}</Fact>;
  const shown = <Hostile text={value} isWhole />;
  if (filter === undefined) return <Fact name={name}>{shown}</Fact>;
  const query = new Map([[filter, value]]);
  if (log > 1) query.set("log", String(log));
  return (
    <Fact name={name}>
      <Link href={hrefOf({ page: "audit", query })}>{shown}</Link>
    </Fact>
  );
}

function CallFact({ event }: { event: CanonicalObject }) {
  const id = memberText(event, "invocation_id");
  return (
    <Fact name="invocation_id">
      {id !== null && (
        <Link href={hrefOf({ page: "call", id })}>
          <Hostile text={id} isWhole isCode />
        </Link>
      )}
    </Fact>
  );
}

function TimeFact({ event, name }: { event: CanonicalObject; name: string }) {
  const value = memberText(event, name);
  const ms = Date.parse(value ?? "");
  const zone = zoneOf(place.value.query);
  return (
    <Fact name={name}>
      {value !== null && Number.isFinite(ms) && (
        <time dateTime={value}>
          {formatTime(ms, zone, "ms")} <span class="muted">{zoneName(ms, zone)}</span>
        </time>
      )}
    </Fact>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>
        <code>{name}</code>
      </dt>
      <dd>{children || <span class="muted">null</span>}</dd>
    </div>
  );
}
