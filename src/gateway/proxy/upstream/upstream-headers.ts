/**
 * The headers of a request to a plugin, made afresh: what the protocol asks for, the trace, and the plugin's own
 * secrets. Nothing of the caller's request gets here by itself: neither its Authorization and cookies nor where it
 * came from (mcp.md §3, 15).
 */
import { refuseHeaderName } from "#streams/stream-header.ts";

const USER_AGENT = "mcpg-gateway";

const ACCEPTED = {
  POST: "application/json, text/event-stream",
  GET: "text/event-stream",
  DELETE: "application/json, text/event-stream",
} as const;

export type UpstreamMethod = keyof typeof ACCEPTED;

export interface HeaderParts {
  readonly method: UpstreamMethod;
  /** `mcp-protocol-version`; null where the client's request had none. */
  readonly version: string | null;
  /** The upstream's own id of the session. */
  readonly sessionId: string | null;
  readonly lastEventId: string | null;
  /** `mcp-method`, `mcp-name`, `mcp-param-*`: others are left out. */
  readonly described: Readonly<Record<string, string>>;
  readonly trace: { readonly traceparent: string; readonly tracestate: string | null } | null;
  /** The plugin's own: one that would say what the request is, or steer it, is left out. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Throws where a value is no header's. */
export function upstreamHeaders(parts: HeaderParts): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(parts.secrets)) {
    if (isSecretsName(name)) headers.set(name, value);
  }
  for (const [name, value] of Object.entries(parts.described)) {
    if (isDescriptionsName(name)) headers.set(name, value);
  }
  for (const [name, value] of ownHeaders(parts)) {
    if (value !== null) headers.set(name, value);
  }
  return headers;
}

function ownHeaders(parts: HeaderParts): [name: string, value: string | null][] {
  return [
    ["accept", ACCEPTED[parts.method]],
    ["content-type", parts.method === "POST" ? "application/json" : null],
    ["user-agent", USER_AGENT],
    ["mcp-protocol-version", parts.version],
    ["mcp-session-id", parts.sessionId],
    ["last-event-id", parts.lastEventId],
    ["traceparent", parts.trace?.traceparent ?? null],
    ["tracestate", parts.trace?.tracestate ?? null],
  ];
}

/** Refused when it is set, too: what lies in the database may be of an earlier rule. */
function isSecretsName(name: string): boolean {
  return refuseHeaderName(name) === null && !/^(mcp-.*|last-event-id)$/i.test(name);
}

function isDescriptionsName(name: string): boolean {
  return /^mcp-(method|name|param-.+)$/i.test(name);
}
