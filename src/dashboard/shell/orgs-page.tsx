/** Which org: who may see one only is taken there. */
import { useEffect } from "preact/hooks";
import { useAsk } from "#dashboard/api/ask.ts";
import { signedIn } from "#dashboard/api/session.ts";
import { DataTable } from "#dashboard/parts/data-table.tsx";
import { formatCounted } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { Failed, Loading } from "#dashboard/parts/states.tsx";
import { goTo, hrefOf } from "#dashboard/place/place.ts";

interface OrgList {
  readonly orgs: readonly { readonly org: string; readonly tier: string }[];
  readonly next_cursor: string | null;
}

export function OrgsPage() {
  const signed = signedIn.value;
  const own = signed.state === "in" ? signed.session.org : null;
  const asked = useAsk<OrgList>(own === null ? "/v1/orgs" : null);
  useEffect(() => {
    if (own !== null) goTo(hrefOf({ org: own, page: "overview" }), { replace: true });
  }, [own]);
  return (
    <>
      <PageTitle title="Orgs" />
      {asked.data === null && asked.error === null && <Loading label="Loading the orgs" />}
      {asked.error !== null && <Failed problem={asked.error} retry={asked.retry} />}
      {asked.data !== null && (
        <DataTable
          caption={formatCounted(asked.data.orgs.length, "org")}
          columns={[
            { key: "org", title: "Org", render: ({ org }) => <Hostile text={org} /> },
            { key: "tier", title: "Tier", render: ({ tier }) => tier },
          ]}
          rows={asked.data.orgs}
          keyOf={({ org }) => org}
          rowHref={({ org }) => hrefOf({ org, page: "overview" })}
        />
      )}
    </>
  );
}
