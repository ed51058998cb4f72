/** The audit log: its state, its entries by every filter that the API has, and a pack of what was found. */
import { useState } from "preact/hooks";
import { useAsk } from "#dashboard/api/ask.ts";
import { serverNowMs } from "#dashboard/api/server-clock.ts";
import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { Failed } from "#dashboard/parts/states.tsx";
import { place } from "#dashboard/place/place.ts";
import type { KeyListAnswer, LogStatusAnswer } from "./audit-answers.ts";
import { AuditFilters } from "./audit-filters.tsx";
import { AuditList } from "./audit-list.tsx";
import { askedLogOf, auditRoot } from "./audit-query.ts";
import { LogState } from "./log-state.tsx";
import { NoAuditScope } from "./no-audit-scope.tsx";
import { PackExport } from "./pack-export.tsx";

/** Signed each minute: its head's age is worth looking at again. */
const STATUS_POLL_MS = 15_000;

export function AuditPage({ org }: { org: string }) {
  const log = askedLogOf(place.value.query);
  const ofLog = log === null ? "" : `?log=${log}`;
  const status = useAsk<LogStatusAnswer>(`${auditRoot(org)}/status${ofLog}`, {
    pollMs: STATUS_POLL_MS,
  });
  // A relative range is of when it was asked; another question is of another moment.
  const [nowMs, setNowMs] = useState(serverNowMs);
  if (status.error?.status === 403) return <NoAuditScope />;
  return (
    <>
      <PageTitle title={`Audit log of ${org}`}>Audit log</PageTitle>
      {status.error !== null && <Failed problem={status.error} retry={status.retry} />}
      <AuditOfLog
        {...{ org, log, nowMs }}
        status={status.data}
        renew={() => setNowMs(serverNowMs())}
      />
    </>
  );
}

interface AuditOfLogTerms {
  org: string;
  /** The one that is asked for; null is the org's newest. */
  log: number | null;
  status: LogStatusAnswer | null;
  nowMs: number;
  renew(): void;
}

function AuditOfLog({ org, log, status, nowMs, renew }: AuditOfLogTerms) {
  const keys = useAsk<KeyListAnswer>(`${auditRoot(org)}/keys${log === null ? "" : `?log=${log}`}`);
  const newest = useAsk<LogStatusAnswer>(log === null ? null : `${auditRoot(org)}/status`);
  const listed = keys.data?.keys ?? [];
  const number = status?.log ?? log;
  return (
    <>
      {status !== null && (
        <LogState status={status} keys={listed} logs={newest.data?.log ?? status.log} />
      )}
      <AuditFilters {...{ org, nowMs }} />
      <PackExport {...{ org, nowMs }} log={number ?? 1} keys={listed} />
      <AuditList {...{ org, nowMs, renew }} log={number} />
    </>
  );
}
