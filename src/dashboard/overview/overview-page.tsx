/** Is all well, and if not, where: each figure leads to the page that explains it. */
import { useAsk } from "#dashboard/api/ask.ts";
import { askedRange } from "#dashboard/api/asked-range.ts";
import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { CallsSection } from "./calls-section.tsx";
import { FleetSection } from "./fleet-section.tsx";
import { LedgerSection } from "./ledger-section.tsx";
import type { InstanceList, LatencyCells, OutcomeSteps, TopTools } from "./overview-answers.ts";
import { ToolsSection } from "./tools-section.tsx";

export function OverviewPage({ org }: { org: string }) {
  const { query, isOpen, name } = askedRange();
  const root = `/v1/orgs/${encodeURIComponent(org)}`;
  const options = (question: string) => ({ question: `${question} ${name}`, isLive: isOpen });
  const steps = useAsk<OutcomeSteps>(`${root}/activity?${query}`, options("steps"));
  const cells = useAsk<LatencyCells>(`${root}/activity/heatmap?${query}`, options("cells"));
  const top = (metric: string) => `${root}/activity/top?by=tool&metric=${metric}&limit=8&${query}`;
  const busiest = useAsk<TopTools>(top("calls"), options("calls"));
  const worst = useAsk<TopTools>(top("errors"), options("errors"));
  const instances = useAsk<InstanceList>(`${root}/instances?limit=1000`, { isLive: true });
  return (
    <>
      <PageTitle title={`Overview of ${org}`}>Overview</PageTitle>
      <CallsSection steps={steps} cells={cells} />
      <ToolsSection busiest={busiest} worst={worst} />
      <FleetSection org={org} instances={instances} steps={steps} />
      <LedgerSection org={org} />
    </>
  );
}
