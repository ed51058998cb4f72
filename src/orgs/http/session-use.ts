/**
 * What a session of the dashboard may be used for, route by route: this is the one place that says so. It reads what
 * its token may read, and sets what its token may set; it sends no telemetry or audit events, calls no tool, and is
 * no scraper, for these are programs', which have tokens.
 */
import type { Access } from "./access.ts";

type AskedScope = NonNullable<Access["scope"]>;

/** `writes`: whatever the method is, an entry or more comes of it. */
type UseOfSession = "never" | "reads" | "writes";

const USES: Readonly<Record<AskedScope, UseOfSession>> = {
  "telemetry:write": "never",
  "telemetry:read": "reads",
  "metrics:read": "never",
  "audit:write": "never",
  "audit:read": "reads",
  "payloads:read": "writes",
  "payloads:grant": "reads",
  "tools:call": "never",
  "org:admin": "reads",
  administrator: "reads",
  "deployment-metrics": "never",
  any: "reads",
  session: "reads",
};

type Used = Pick<Access, "scope" | "alsoWrites">;

export function mayUseSession({ scope }: Pick<Access, "scope">): boolean {
  return scope !== null && USES[scope] !== "never";
}

/** Whether the session has to be used by a page of our own for certain. */
export function isSessionWrite({ scope, alsoWrites }: Used, method: string): boolean {
  const isRead = method === "GET" || method === "HEAD";
  return !isRead || alsoWrites === true || (scope !== null && USES[scope] === "writes");
}
