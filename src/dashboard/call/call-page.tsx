/** One call, from who asked to what was done, and the entries that prove it. */
import { type Asked, useAsk } from "#dashboard/api/ask.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { PayloadView } from "#dashboard/call/payload/payload-view.tsx";
import { formatTime, zoneName } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Outcome } from "#dashboard/parts/outcome.tsx";
import { isOutcome } from "#dashboard/parts/outcomes.ts";
import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { Failed, Loading, Stale } from "#dashboard/parts/states.tsx";
import { place } from "#dashboard/place/place.ts";
import { zoneOf } from "#dashboard/place/time-range.ts";
import { Arrival } from "./arrival.tsx";
import type { TraceAnswer } from "./call-answers.ts";
import { CallEntries } from "./call-entries.tsx";
import { CallFacts } from "./call-facts.tsx";
import { CallNeighbours } from "./call-neighbours.tsx";
import { Elsewhere } from "./elsewhere.tsx";
import { ErrorFacts } from "./error-facts.tsx";
import { MissingCall } from "./missing-call.tsx";
import { Stages } from "./stages.tsx";
import { Timeline } from "./timeline.tsx";

export function CallPage({ org }: { org: string }) {
  const id = place.value.id ?? "";
  const root = `/v1/orgs/${encodeURIComponent(org)}/invocations/${encodeURIComponent(id)}`;
  const asked = useAsk<CallAnswer>(root);
  const call = asked.data;
  if (call === null) return <NoCallYet id={id} asked={asked} />;
  return (
    <>
      <CallHead call={call} />
      {asked.error !== null && (
        <Stale atMs={asked.atMs} problem={asked.error} retry={asked.retry} />
      )}
      <CallNeighbours org={org} call={call} />
      <CallFacts call={call} org={org} />
      <ErrorFacts call={call} />
      <TracedParts org={org} call={call} root={root} />
      <Elsewhere org={org} call={call} />
    </>
  );
}

function NoCallYet({ id, asked }: { id: string; asked: Asked<CallAnswer> }) {
  if (asked.error?.status === 404) return <MissingCall id={id} />;
  return (
    <>
      <PageTitle title="Call" />
      {asked.error === null ? (
        <Loading label="Fetching the call" />
      ) : (
        <Failed problem={asked.error} retry={asked.retry} />
      )}
    </>
  );
}

/** What the trace tells; the call's arrival stands in the middle, and needs none. A view of the payload is one more entry. */
function TracedParts({ org, call, root }: { org: string; call: CallAnswer; root: string }) {
  const { data: trace, error, retry } = useAsk<TraceAnswer>(`${root}/trace`);
  return (
    <>
      {trace === null && error === null && <Loading label="Fetching its trace" />}
      {error !== null && <Failed problem={error} retry={retry} />}
      {trace !== null && <Stages trace={trace} call={call} />}
      {trace !== null && <Timeline trace={trace} call={call} />}
      <Arrival call={call} />
      {trace !== null && <CallEntries org={org} call={call} trace={trace} />}
      <PayloadView org={org} call={call} onViewed={retry} />
    </>
  );
}

function CallHead({ call }: { call: CallAnswer }) {
  const zone = zoneOf(place.value.query);
  const startedMs = Date.parse(call.started_at);
  return (
    <div class="call-head">
      <PageTitle title={`Call of ${call.tool}`}>
        Call of <Hostile text={call.tool} />
      </PageTitle>
      <p class="call-sub">
        {isOutcome(call.outcome) ? (
          <Outcome outcome={call.outcome} />
        ) : (
          <Hostile text={call.outcome} />
        )}
        <span>
          <time dateTime={call.started_at}>{formatTime(startedMs, zone, "ms")}</time>{" "}
          <span class="muted">{zoneName(startedMs, zone)}</span>
        </span>
        <code class="muted">{call.id}</code>
      </p>
    </div>
  );
}
