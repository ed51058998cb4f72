/** One HTTP request of an MCP client to a plugin, as far as it is known before its body is. */
import type { Caller } from "#gateway/identity/caller.ts";
import type { Plugin } from "#gateway/plugins/plugin.ts";
import type { ProtocolVersion } from "#gateway/proxy/message/protocol-version.ts";
import type { SessionPlace } from "#gateway/proxy/upstream/sealed-session.ts";
import type { Org } from "#orgs/org.ts";
import type { ServedOperation } from "#orgs/served-operation.ts";
import type { Env } from "#platform/env.ts";
import type { ActiveSpan } from "#tracing/active-span.ts";

export interface ClientSession {
  /** Ours, sealed: the only one that the client ever sees. */
  readonly id: string;
  readonly upstreamId: string;
}

export interface Exchange {
  readonly env: Env;
  readonly ctx: ExecutionContext;
  readonly org: Org;
  readonly caller: Caller;
  readonly plugin: Plugin;
  readonly headers: Headers;
  /** Aborted where the client is known to have gone. */
  readonly signal: AbortSignal;
  readonly version: ProtocolVersion;
  readonly session: ClientSession | null;
  /** `x-request-id`. */
  readonly httpRequestId: string;
  readonly startedAtMs: number;
  /** Of the request; null where nothing is traced. */
  readonly span: ActiveSpan | null;
  /** Seconds until the caller's budget has room again; null while it has. */
  readonly retryAfterSeconds: number | null;
  /** Takes another request from the budget, for each further message of a batch: as `retryAfterSeconds`. */
  readonly takeAnother: () => number | null;
  /** Says what the request turned out to be, for its span. */
  readonly describe: (operation: ServedOperation) => void;
  /** The answer streams: the request lasts until this resolves. */
  readonly lastsUntil: (answered: Promise<void>) => void;
}

/** What a session of this request belongs to. */
export function sessionPlace({
  org,
  plugin,
  caller,
}: Pick<Exchange, "org" | "plugin" | "caller">): SessionPlace {
  const { workspace, plugin: name } = plugin;
  return { org: org.org, workspace, plugin: name, principalKey: caller.principalKey };
}
