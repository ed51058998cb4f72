/** How long calls take to be known of, and whether that is a wait or a clock. */
import { useAsk } from "#dashboard/api/ask.ts";
import { askedRange } from "#dashboard/api/asked-range.ts";
import { serverNowMs } from "#dashboard/api/server-clock.ts";
import { Coverage } from "#dashboard/overview/coverage.tsx";
import type { InstanceList } from "#dashboard/overview/overview-answers.ts";
import { withOwnGateway } from "#dashboard/overview/own-gateway.ts";
import { Answered } from "#dashboard/parts/answered.tsx";
import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { place } from "#dashboard/place/place.ts";
import { ChosenInstance } from "./chosen-instance.tsx";
import type { LagAnswer } from "./lag-answer.ts";
import { LagLegend } from "./lag-legend.tsx";
import { LagTable } from "./lag-table.tsx";
import { LagTiles } from "./lag-tiles.tsx";
import { LossTable } from "./loss-table.tsx";
import { StepTable } from "./step-table.tsx";

export function LagPage({ org }: { org: string }) {
  const { query, isOpen, name } = askedRange();
  const chosen = place.value.query.get("instance") ?? null;
  const only = chosen === null ? "" : `&instance=${encodeURIComponent(chosen)}`;
  const root = `/v1/orgs/${encodeURIComponent(org)}`;
  const lag = useAsk<LagAnswer>(`${root}/lag?${query}${only}`, {
    question: `${name} ${chosen}`,
    isLive: isOpen,
  });
  const instances = useAsk<InstanceList>(`${root}/instances?limit=1000`, { isLive: true });
  const told = instances.data?.instances ?? null;
  const rows = told === null ? null : withOwnGateway(told, serverNowMs());
  const known = rows?.filter(({ id }) => chosen === null || id === chosen) ?? null;
  return (
    <>
      <PageTitle title={`Lag of ${org}`}>Lag</PageTitle>
      {chosen !== null && <ChosenInstance id={chosen} />}
      <section class="panel" aria-labelledby="by-instance">
        <Answered asked={lag} label="Comparing arrival with the end of calls">
          {(answer) => (
            <>
              <LagTiles answer={answer} instances={known} />
              <div class="panel-head">
                <h2 id="by-instance">By instance and time</h2>
                <p class="muted small">
                  Arrival, by our clock, less the end of a call, by its instance's.
                </p>
              </div>
              <LagTable answer={answer} instances={known} />
              <LagLegend />
              <Coverage of={answer} />
              <StepTable key={chosen} answer={answer} instances={known} isOpen={chosen !== null} />
            </>
          )}
        </Answered>
      </section>
      <section class="panel" aria-labelledby="lost">
        <h2 id="lost">What never arrived</h2>
        <Answered asked={instances} label="Looking for gaps">
          {() => <LossTable rows={known ?? []} />}
        </Answered>
      </section>
    </>
  );
}
