/** The audit log's texts, as whoever is signed in. */
import { leaveForSignIn } from "#dashboard/api/leave.ts";
import type { GetAuditText } from "./audit-reader.ts";

const ANSWER_MS_MAX = 30_000;

interface GetterTerms {
  readonly signal: AbortSignal;
  /** Nobody asked: it keeps no session alive. */
  readonly isPoll: boolean;
}

export function auditGetter(org: string, { signal, isPoll }: GetterTerms): GetAuditText {
  return async (path) => {
    const response = await fetch(`/v1/orgs/${encodeURIComponent(org)}/audit${path}`, {
      // A proof is of the newest head, and an entry is to be what the server says now.
      cache: "no-store",
      credentials: "same-origin",
      headers: isPoll ? { "x-mcpg-poll": "1" } : {},
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
    });
    if (response.status === 401) leaveForSignIn();
    return { status: response.status, text: await readText(response) };
  };
}

/** As UTF-8 and nothing else: what is not reads as U+FFFD, which fits no hash. A mark at the start is kept. */
async function readText(response: Response): Promise<string> {
  const bytes = await response.arrayBuffer();
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
