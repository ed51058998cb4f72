import { PageTitle } from "#dashboard/parts/page-title.tsx";

export function OverviewPage({ org }: { org: string }) {
  return <PageTitle title={`Overview of ${org}`}>Overview</PageTitle>;
}
