/** When the call reached us, against when it ran: late is a queue on its way, early is a clock that is ahead. */

import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { formatDuration, formatTime, zoneName } from "#dashboard/parts/format-figure.ts";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf, place } from "#dashboard/place/place.ts";
import { zoneOf } from "#dashboard/place/time-range.ts";
import { arrivalParts, arrivalText } from "./arrival-parts.ts";
import { Fact } from "./call-facts.tsx";
import { percentOf } from "./timeline-row.tsx";

export function Arrival({ call }: { call: CallAnswer }) {
  const zone = zoneOf(place.value.query);
  const parts = arrivalParts(call);
  const time = (ms: number) => (
    <time dateTime={new Date(ms).toISOString()}>{formatTime(ms, zone, "ms")}</time>
  );
  return (
    <section aria-labelledby="call-arrival">
      <h2 id="call-arrival">Arrival</h2>
      <dl class="fact-grid">
        <Fact name={`Started (${zoneName(parts.startedMs, zone)})`}>{time(parts.startedMs)}</Fact>
        <Fact name="Ended">{time(parts.endedMs)}</Fact>
        <Fact name="Arrived here">{time(parts.arrivedMs)}</Fact>
        <Fact name="Arrival after its end">{formatDuration(call.lag_ms)}</Fact>
      </dl>
      <ArrivalBar call={call} />
      <p>{arrivalText(call)}</p>
      <p>
        <Link href={hrefOf({ page: "lag" })}>How late this instance is otherwise</Link>
      </p>
    </section>
  );
}

function ArrivalBar({ call }: { call: CallAnswer }) {
  const { ran, underWay } = arrivalParts(call).shares;
  return (
    <svg class="arrival-bar" height="22" aria-hidden="true">
      {/* Beside a long wait the call itself is still to be seen. */}
      <rect class="bar-call" x={percentOf(ran.start)} width="3" y="4" height="14" />
      <rect
        class="bar-call"
        x={percentOf(ran.start)}
        width={percentOf(ran.width)}
        y="4"
        height="14"
      />
      <rect
        class={call.lag_ms < 0 ? "bar-ahead" : "bar-way"}
        x={percentOf(underWay.start)}
        width={percentOf(underWay.width)}
        y="8"
        height="6"
      />
    </svg>
  );
}
