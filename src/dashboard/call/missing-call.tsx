/** A call that is not there: an id tells when its call began, and so whether retention may have taken it. */

import { serverNowMs } from "#dashboard/api/server-clock.ts";
import { formatAge, formatTime } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { Empty } from "#dashboard/parts/states.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf, place } from "#dashboard/place/place.ts";
import { parseUuid7, uuid7TimeMs } from "#formats/uuid7.ts";

/** No sample is kept for less. */
const RETENTION_MS_MIN = 26 * 3_600_000;

export function MissingCall({ id }: { id: string }) {
  const uuid = parseUuid7(id);
  const startedMs = uuid === undefined ? null : uuid7TimeMs(uuid);
  const back = hrefOf({ page: "activity", query: place.value.query });
  return (
    <>
      <PageTitle title="No such call" />
      <Empty title="This org has no call of this id">
        <p>
          <Hostile text={id} isCode />
        </p>
        <p>{reasonOf(startedMs, serverNowMs())}</p>
        <p>
          <Link href={back}>Back to the list</Link>
        </p>
      </Empty>
    </>
  );
}

function reasonOf(startedMs: number | null, nowMs: number): string {
  if (startedMs === null) return "It is no id of a call: those are UUIDs of version 7.";
  const time = `${formatTime(startedMs, "utc")} UTC`;
  const ageMs = nowMs - startedMs;
  if (ageMs > RETENTION_MS_MIN) {
    return `By its id it began at ${time}, ${formatAge(ageMs)} ago: retention may have pruned it. Its entries in the audit log are kept for longer.`;
  }
  return `By its id it began at ${time}: that is not so long ago that it was pruned. It was never reported, it was reported to another org, or it waits for its server's span.`;
}
