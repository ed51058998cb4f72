/** The address is of an org that this session is not of: the server would say no more than that there is none. */
import { useState } from "preact/hooks";
import { leaveForSignIn } from "#dashboard/api/leave.ts";
import { signOut } from "#dashboard/api/session.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf } from "#dashboard/place/place.ts";

export function OtherOrg({ org, own }: { org: string; own: string }) {
  const [isFailed, setIsFailed] = useState(false);
  const change = async () => {
    if ((await signOut()) !== null) return setIsFailed(true);
    leaveForSignIn();
  };
  return (
    <>
      <PageTitle title="Another org's page" />
      <p>
        You are signed in with a token of <Hostile text={own} />, and a token reads its own org
        alone. This page is of <Hostile text={org} />: it wants a token of that org.
      </p>
      {isFailed && (
        <p class="problem" role="alert">
          The server did not end the session: try again.
        </p>
      )}
      <div class="buttons">
        <button type="button" class="button button-main" onClick={change}>
          Sign in with another token
        </button>
        <Link href={hrefOf({ org: own, page: "overview" })}>
          To <Hostile text={own} />
        </Link>
      </div>
    </>
  );
}
