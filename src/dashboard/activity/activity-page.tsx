import { useEffect, useRef } from "preact/hooks";
import { CallsView } from "#dashboard/activity/calls/calls-view.tsx";
import { ChartsView } from "#dashboard/activity/figures/charts-view.tsx";
import { FilterBar } from "#dashboard/activity/filters/filter-bar.tsx";
import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefWith } from "#dashboard/place/place.ts";
import { type ActivityView, viewOf } from "./activity-question.ts";
import { type Asking, askingOf } from "./asking.ts";
import { CompareView } from "./compare-view.tsx";
import { ErrorsView } from "./errors-view.tsx";

const TITLES: Readonly<Record<ActivityView, string>> = {
  charts: "Charts",
  calls: "Calls",
  errors: "Errors",
  compare: "What differs",
};

/** Filters and time hold in all views of the page; each asks only what it shows. */
export function ActivityPage({ org }: { org: string }) {
  const asking = askingOf(org);
  const view = viewOf(asking.query);
  useArrival(view);
  return (
    <div class="activity">
      <PageTitle title={`Tool activity of ${org}`}>Tool activity</PageTitle>
      <FilterBar asking={asking} />
      <nav class="views" aria-label="Views of tool activity">
        {(Object.keys(TITLES) as ActivityView[]).map((name) => (
          <Link
            key={name}
            class="view-link"
            href={hrefWith({ view: name === "charts" ? null : name, after: null })}
            aria-current={name === view ? "page" : undefined}
          >
            {TITLES[name]}
          </Link>
        ))}
      </nav>
      <div id="view" class="view">
        <ShownView view={view} asking={asking} />
      </div>
    </div>
  );
}

/** Who came by a link is put before the view; Back puts one where one was. */
function useArrival(view: ActivityView): void {
  const seen = useRef(view);
  useEffect(() => {
    if (seen.current === view) return;
    seen.current = view;
    if (history.state !== null) return;
    scrollTo(0, 0);
    const heading = document.querySelector<HTMLElement>("#view h2");
    heading?.focus({ preventScroll: true });
  }, [view]);
}

function ShownView({ view, asking }: { view: ActivityView; asking: Asking }) {
  if (view === "calls") return <CallsView asking={asking} />;
  if (view === "errors") return <ErrorsView asking={asking} />;
  if (view === "compare") return <CompareView asking={asking} />;
  return <ChartsView asking={asking} />;
}
