/** A filter with the values that there are, looked up while one types. */
import { useEffect, useState } from "preact/hooks";
import { askPath, type FilterName } from "#dashboard/activity/activity-question.ts";
import type { ValuesAnswer } from "#dashboard/activity/answers.ts";
import type { Asking } from "#dashboard/activity/asking.ts";
import { request } from "#dashboard/api/request.ts";
import { Filter, type Suggestion } from "#dashboard/parts/filter.tsx";
import { formatShortCount } from "#dashboard/parts/format-figure.ts";
import { goTo, hrefWith } from "#dashboard/place/place.ts";

/** Between two letters of who types, not after each. */
const PAUSE_MS = 150;
const VALUES_MAX = 20;

export type LookedUp = Extract<
  FilterName,
  "plugin" | "tool" | "workspace" | "instance" | "actor" | "error_code"
>;

export function FilterField({
  asking,
  name,
  label,
}: {
  asking: Asking;
  name: LookedUp;
  label: string;
}) {
  const [typed, setTyped] = useState<string | null>(null);
  const suggestions = useValues(asking, name, typed);
  return (
    <Filter
      label={label}
      value={asking.query.get(name) ?? null}
      suggestions={suggestions}
      onType={setTyped}
      onTake={(value) => {
        setTyped(null);
        goTo(hrefWith({ [name]: value, after: null }));
      }}
    />
  );
}

/** Values that the other filters leave, most calls first. A failure suggests nothing: the name can be written. */
function useValues(asking: Asking, name: LookedUp, typed: string | null): readonly Suggestion[] {
  const [found, setFound] = useState<readonly Suggestion[]>([]);
  const others = new Map([...asking.query].filter(([filter]) => filter !== name));
  // What is chosen already is no beginning of another: all are offered.
  const prefix = typed === asking.query.get(name) ? "" : typed;
  const path =
    prefix === null
      ? null
      : askPath(asking.org, "activity/values", others, asking.times, {
          field: name,
          prefix: prefix === "" ? undefined : prefix,
          limit: VALUES_MAX,
        });
  useEffect(() => {
    if (path === null) return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      request<ValuesAnswer>(path, { signal: controller.signal }).then(
        (reply) => setFound(reply.ok ? reply.data.values.map(suggestionOf) : []),
        () => undefined,
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [path]);
  return found;
}

function suggestionOf({ value, calls }: ValuesAnswer["values"][number]): Suggestion {
  return calls === null ? { value } : { value, note: formatShortCount(calls) };
}
