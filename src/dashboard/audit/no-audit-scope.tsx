import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { Empty } from "#dashboard/parts/states.tsx";

export function NoAuditScope() {
  return (
    <>
      <PageTitle title="Audit log" />
      <Empty title="This session may not read the audit log">
        <p>
          It needs the scope <code>audit:read</code>. Sign in with a token that has it; who
          administers the org can make one.
        </p>
      </Empty>
    </>
  );
}
