/** What `GET …/audit/status` says. It is the server's word: it shapes the questions, never the verdict. */

import { SourceUnavailable } from "#cli/verify/no-verdict.ts";
import { orgOfOrigin } from "#formats/ledger/signed-head.ts";
import { isDecimal } from "#formats/tlog/decimal.ts";
import type { HttpLog } from "./http-log.ts";

export interface ToldStatus {
  readonly org: string;
  readonly origin: string;
  readonly log: number;
  readonly treeSize: number;
  readonly minimumIndex: number;
  readonly frozenReason: string | null;
  readonly successor: number | null;
}

export async function readToldStatus(
  http: HttpLog,
  { org, log }: { org: string; log: number | null },
): Promise<ToldStatus> {
  const text = await http.getText(log === null ? "/status" : `/status?log=${log}`);
  if (text === null) {
    const what = log === null ? `org ${org}` : `log ${log} of org ${org}`;
    throw new SourceUnavailable(`there is no ${what} for this token`);
  }
  const status = parseStatus(org, text);
  if (status === null) throw new SourceUnavailable("GET /status: the answer is not a log's status");
  const path = status.log === 1 ? "log" : `log-${status.log}`;
  const isOurs = orgOfOrigin(status.origin) === org && status.origin.endsWith(`/audit/${path}`);
  if (isOurs && status.log === (log ?? status.log)) return status;
  throw new SourceUnavailable(`the server answers with ${status.origin}, which was not asked for`);
}

export function remarksOn({ frozenReason, successor, log }: ToldStatus): string[] {
  const frozen = frozenReason === null ? [] : [`the log is frozen: ${frozenReason}`];
  const succeeded =
    successor === null
      ? []
      : [`log ${successor} succeeds this one: verify it with --log ${successor}`];
  const earlier = log === 1 ? [] : [`log ${log - 1} came before: verify it with --log ${log - 1}`];
  return [...frozen, ...succeeded, ...earlier];
}

function parseStatus(org: string, text: string): ToldStatus | null {
  const status = parseObject(text);
  const { origin, log, tree_size: treeSize, minimum_index: minimumIndex } = status;
  const counts = [log, treeSize, minimumIndex];
  if (typeof origin !== "string" || !counts.every(isCount)) return null;
  const [number = 1, entries = 0, first = 0] = counts;
  const { frozen_reason: reason, successor } = status;
  return {
    org,
    origin,
    log: number,
    treeSize: entries,
    minimumIndex: first,
    frozenReason: typeof reason === "string" ? reason : null,
    successor: isCount(successor) ? successor : null,
  };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && isDecimal(value);
}
