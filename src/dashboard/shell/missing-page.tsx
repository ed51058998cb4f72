import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { Link } from "#dashboard/place/link.tsx";

export function MissingPage() {
  return (
    <>
      <PageTitle title="Nothing is here" />
      <p>This address leads to no page of the dashboard.</p>
      <p>
        <Link href="/">To the orgs</Link>
      </p>
    </>
  );
}
