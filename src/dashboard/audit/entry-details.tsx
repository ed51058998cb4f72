/** What an entry says besides: names and values of whoever reported it. */
import { Hostile } from "#dashboard/parts/hostile.tsx";
import type { CanonicalObject } from "#formats/canonical-json.ts";

export function EntryDetails({ details }: { details: CanonicalObject | null | undefined }) {
  if (details === null || details === undefined) return null;
  return (
    <dl class="span-facts">
      {Object.entries(details).map(([name, value]) => (
        <div key={name}>
          <dt>
            <Hostile text={name} isCode />
          </dt>
          <dd>
            <Hostile text={String(value)} isWhole isCode />
          </dd>
        </div>
      ))}
    </dl>
  );
}
