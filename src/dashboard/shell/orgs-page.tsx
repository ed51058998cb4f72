/** Which org: who may see one only is taken there, to the page that one may read. */
import { useEffect, useState } from "preact/hooks";
import { useAsk } from "#dashboard/api/ask.ts";
import { mayRead, signedIn } from "#dashboard/api/session.ts";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCount, formatCounted } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { Failed, Loading } from "#dashboard/parts/states.tsx";
import { formatQuery } from "#dashboard/place/address.ts";
import { goTo, hrefOf } from "#dashboard/place/place.ts";

interface OrgRow {
  readonly org: string;
  readonly tier: string;
}

interface OrgList {
  readonly orgs: readonly OrgRow[];
  readonly next_cursor: string | null;
}

const PAGE_ROWS = 200;

export function OrgsPage() {
  const signed = signedIn.value;
  const own = signed.state === "in" ? signed.session.org : null;
  useEffect(() => {
    if (own === null) return;
    const page = mayRead("telemetry") ? "overview" : "audit";
    goTo(hrefOf({ org: own, page }), { replace: true });
  }, [own]);
  return (
    <>
      <PageTitle title="Orgs" />
      {own === null && <AllOrgs />}
    </>
  );
}

/** By name, a page below the other: what was shown stays. */
function AllOrgs() {
  const [before, setBefore] = useState<readonly OrgRow[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const terms = new Map([["limit", String(PAGE_ROWS)]]);
  if (cursor !== null) terms.set("cursor", cursor);
  const path = `/v1/orgs${formatQuery(terms)}`;
  const { data, error, isLoading, retry } = useAsk<OrgList>(path);
  const page = isLoading ? null : data;
  const rows = [...before, ...(page?.orgs ?? [])];
  const next = page?.next_cursor ?? null;
  const showMore = () => {
    setBefore(rows);
    setCursor(next);
  };
  return (
    <>
      {rows.length > 0 && <OrgTable rows={rows} isAll={page !== null && next === null} />}
      {isLoading && <Loading label="Loading the orgs" />}
      {error !== null && <Failed problem={error} retry={retry} />}
      {next !== null && (
        <button type="button" class="button" onClick={showMore}>
          Show more
        </button>
      )}
    </>
  );
}

function OrgTable({ rows, isAll }: { rows: readonly OrgRow[]; isAll: boolean }) {
  const { length } = rows;
  return (
    <DataTable
      caption={isAll ? formatCounted(length, "org") : `The first ${formatCount(length)} orgs`}
      columns={[
        { key: "org", title: "Org", render: ({ org }) => <Hostile text={org} /> },
        { key: "tier", title: "Tier", render: ({ tier }) => tier },
      ]}
      rows={rows}
      keyOf={({ org }) => org}
      rowHref={({ org }) => hrefOf({ org, page: "overview" })}
    />
  );
}
