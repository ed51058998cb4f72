import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefFor, hrefWith } from "#dashboard/place/place.ts";

export function ChosenInstance({ id }: { id: string }) {
  return (
    <div class="notice">
      <span>
        Only <Hostile text={id} />
      </span>
      <Link href={hrefWith({ instance: null })}>All instances</Link>
      <Link href={hrefFor("activity", { instance: id })}>Its tool activity</Link>
    </div>
  );
}
