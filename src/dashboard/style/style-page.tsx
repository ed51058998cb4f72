import { PageTitle } from "#dashboard/parts/page-title.tsx";

export function StylePage() {
  return <PageTitle title="Style" />;
}
