import { PageTitle } from "#dashboard/parts/page-title.tsx";

export function LagPage({ org }: { org: string }) {
  return <PageTitle title={`Lag of ${org}`}>Lag</PageTitle>;
}
