/** What a plugin is to be, checked beyond its form: its URL, and header names and values. */
import type { ValidationError } from "#platform/errors.ts";
import { type EndpointRules, originOf, refuseEndpoint } from "#streams/endpoint.ts";
import { refuseHeaderName, refuseHeaderValue } from "#streams/stream-header.ts";
import { type StoredPlugin, TIMEOUT_MS, TOOL_CHANGE_RULES, type ToolChangeRule } from "./plugin.ts";
import type { PluginSettings } from "./plugin-schema.ts";

export interface WantedPlugin {
  readonly url: string;
  readonly timeoutMs: number;
  readonly onToolChange: ToolChangeRule;
  readonly capturesPayloads: boolean | null;
  /** New values, not sealed yet. */
  readonly literals: Readonly<Record<string, string>>;
  /** Names of headers whose stored values stay. */
  readonly kept: readonly string[];
}

/** What the gateway says itself, besides what no sender of ours may set. */
const PROTOCOL_HEADER = /^(mcp-.*|last-event-id)$/;

export function parsePlugin(
  body: PluginSettings,
  rules: EndpointRules,
): { wanted: WantedPlugin; errors: ValidationError[] } {
  const errors: ValidationError[] = [];
  const refusal = refuseEndpoint(body.url, rules);
  if (refusal !== null) errors.push({ pointer: "/url", message: refusal });
  const { literals, kept } = parseHeaders(body.headers ?? {}, errors);
  const wanted = {
    url: body.url,
    timeoutMs: body.timeout_ms ?? TIMEOUT_MS.default,
    onToolChange: body.on_tool_change ?? TOOL_CHANGE_RULES[0],
    capturesPayloads: body.capture_payloads ?? null,
    literals,
    kept,
  };
  return { wanted, errors };
}

/** Names in lower case, as they are on the wire. */
function parseHeaders(
  asked: Readonly<Record<string, string | null>>,
  errors: ValidationError[],
): Pick<WantedPlugin, "literals" | "kept"> {
  const literals: Record<string, string> = {};
  const kept: string[] = [];
  const names = new Set<string>();
  for (const [name, value] of Object.entries(asked)) {
    const header = name.toLowerCase();
    const message = names.has(header) ? "is given twice" : refuseHeader(header, value);
    names.add(header);
    if (message !== null) errors.push({ pointer: headerPointer(name), message });
    else if (value === null) kept.push(header);
    else literals[header] = value;
  }
  return { literals, kept };
}

function refuseHeader(header: string, value: string | null): string | null {
  const refusal = refuseHeaderName(header);
  if (refusal !== null) return refusal;
  if (PROTOCOL_HEADER.test(header)) return "is a header that may not be set";
  return value === null ? null : refuseHeaderValue(value);
}

/**
 * The sealed values of those that are kept: for the same origin only, since who may change a URL may not thereby
 * read a secret that somebody else set.
 */
export function keptHeaders(
  { url, kept }: WantedPlugin,
  stored: StoredPlugin | null,
): { sealed: Readonly<Record<string, string>>; errors: ValidationError[] } {
  const sealed: Record<string, string> = {};
  const errors: ValidationError[] = [];
  for (const header of kept) {
    const value =
      stored !== null && Object.hasOwn(stored.sealedHeaders, header)
        ? stored.sealedHeaders[header]
        : undefined;
    const pointer = headerPointer(header);
    if (stored === null || value === undefined) {
      errors.push({ pointer, message: "keeps a stored value, and there is none" });
    } else if (originOf(stored.url) !== originOf(url)) {
      const message = "is kept for the same scheme, host and port only: send the value again";
      errors.push({ pointer, message });
    } else sealed[header] = value;
  }
  return { sealed, errors };
}

function headerPointer(name: string): string {
  return `/headers/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`.slice(0, 256);
}
