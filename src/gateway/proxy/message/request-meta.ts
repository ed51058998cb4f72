/**
 * What a message says of itself in `params._meta` (2026-07-28, basic/index). Nobody has verified any of it: it
 * is for traces and for what the protocol demands, never for a decision.
 */

export interface RequestMeta {
  readonly protocolVersion: string | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly progressToken: string | number | null;
  readonly clientInfo: { readonly name: string; readonly version: string | null } | null;
  /** Demanded of modern requests. */
  readonly hasCapabilities: boolean;
  /** Identifiers of the extensions that the client takes, as `io.modelcontextprotocol/tasks`. */
  readonly extensions: readonly string[];
}

export type JsonMembers = Readonly<Record<string, unknown>>;

const PREFIX = "io.modelcontextprotocol/";

const NO_META: RequestMeta = {
  protocolVersion: null,
  traceparent: null,
  tracestate: null,
  progressToken: null,
  clientInfo: null,
  hasCapabilities: false,
  extensions: [],
};

export function readMeta(params: JsonMembers | null): RequestMeta {
  const meta = params?.["_meta"];
  if (!isMembers(meta)) return NO_META;
  const capabilities = meta[`${PREFIX}clientCapabilities`];
  return {
    protocolVersion: asText(meta[`${PREFIX}protocolVersion`]),
    traceparent: asText(meta["traceparent"]),
    tracestate: asText(meta["tracestate"]),
    progressToken: asToken(meta["progressToken"]),
    clientInfo: asClientInfo(meta[`${PREFIX}clientInfo`]),
    hasCapabilities: isMembers(capabilities),
    extensions: extensionsOf(capabilities),
  };
}

/** An object, and no list. */
export function isMembers(value: unknown): value is JsonMembers {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asText(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function asToken(value: unknown): string | number | null {
  return typeof value === "string" || typeof value === "number" ? value : null;
}

function asClientInfo(value: unknown): RequestMeta["clientInfo"] {
  if (!isMembers(value) || typeof value["name"] !== "string") return null;
  return { name: value["name"], version: asText(value["version"]) };
}

function extensionsOf(capabilities: unknown): readonly string[] {
  if (!isMembers(capabilities)) return [];
  const extensions = capabilities["extensions"];
  return isMembers(extensions) ? Object.keys(extensions) : [];
}
