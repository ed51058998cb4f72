/** Asks a plugin's server who it is and which tools it has, and learns them. */

import { learnList } from "#gateway/plugins/learn-tools.ts";
import { noteProbe } from "#gateway/plugins/note-health.ts";
import type { Plugin } from "#gateway/plugins/plugin.ts";
import { TOOLS_MAX } from "#gateway/plugins/tool-definition.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import {
  CLIENT_INFO,
  endProbeSession,
  LEGACY_VERSIONS,
  type McpSession,
  type McpTerms,
  MODERN_VERSION,
  notify,
  type ProbeExchange,
  request,
  serverInfoOf,
} from "./mcp-client.ts";
import { ANSWERS_BYTES_MAX, type RpcObject } from "./read-rpc.ts";

/** Of all its requests together: whoever asked for it waits. */
const PROBE_MS_MAX = 30_000;
/** Servers give some dozens of tools a page. One that has more pages than that would go on for ever. */
const PAGES_MAX = 100;
const NAME_LENGTH_MAX = 128;

export interface Probed {
  /** The version that was spoken; null if none was agreed on. */
  readonly protocol: string | null;
  /** As the server calls itself. */
  readonly server: { readonly name: string; readonly version: string } | null;
  /** How many its list has; null if it gave none. */
  readonly tools: number | null;
  /** A stable word; null if all went well. */
  readonly fault: string | null;
}

type Opened = Pick<Probed, "protocol" | "server"> & { readonly session: McpSession };

/** Never rejects for what the server does, and quotes nothing of it but its own name and version. */
export async function probePlugin(env: Env, org: Org, plugin: Plugin): Promise<Probed> {
  const bytes = { left: ANSWERS_BYTES_MAX };
  const terms = { env, plugin, overMs: Date.now() + PROBE_MS_MAX, bytes };
  const opened = await open(terms);
  if ("fault" in opened) {
    await noteProbe(env, org, plugin, opened.fault, Date.now());
    return { protocol: null, server: null, tools: null, fault: opened.fault };
  }
  const { session, protocol, server } = opened;
  const listed = await listTools(terms, session);
  await endProbeSession(terms, session);
  const fault = "fault" in listed ? listed.fault : null;
  await noteProbe(env, org, plugin, fault, Date.now());
  if ("fault" in listed) return { protocol, server, tools: null, fault: listed.fault };
  await learnList(env, org, plugin, { ...listed, isAsked: true });
  return { protocol, server, tools: listed.tools.length, fault: null };
}

async function open(terms: McpTerms): Promise<Opened | { fault: string }> {
  const modern: McpSession = { protocol: MODERN_VERSION, sessionId: null };
  const discovered = await request(terms, modern, "server/discover", {});
  if (discovered.kind === "result") {
    const server = nameOf(serverInfoOf(discovered.result));
    return { session: modern, protocol: MODERN_VERSION, server };
  }
  return isOfLegacy(discovered) ? initialize(terms) : { fault: faultOf(discovered) };
}

/** What the specification numbers itself: a server that answers so is a modern one. */
const MODERN_ERRORS: readonly number[] = [-32_020, -32_021];
const UNSUPPORTED_VERSION = -32_022;
/** Who is not let in, asks too much, or is out of order says nothing of its era. */
const NOT_OF_ERA: readonly number[] = [401, 403, 429];

/** A server that does not know the question: it is to be asked as earlier versions ask. */
function isOfLegacy(discovered: Exclude<ProbeExchange, { kind: "result" }>): boolean {
  if (discovered.kind === "error") return !MODERN_ERRORS.includes(discovered.code);
  const { status, fault } = discovered;
  return status !== null && fault !== "timeout" && !NOT_OF_ERA.includes(status);
}

async function initialize(terms: McpTerms): Promise<Opened | { fault: string }> {
  const asked: McpSession = { protocol: LEGACY_VERSIONS[0], sessionId: null };
  const params = {
    protocolVersion: LEGACY_VERSIONS[0],
    capabilities: {},
    clientInfo: CLIENT_INFO,
  };
  const answer = await request(terms, asked, "initialize", params);
  if (answer.kind !== "result") return { fault: faultOf(answer) };
  const { result, headers } = answer;
  const { protocolVersion } = result;
  const protocol = LEGACY_VERSIONS.find((version) => version === protocolVersion);
  const session = {
    protocol: protocol ?? LEGACY_VERSIONS[0],
    sessionId: headers.get("mcp-session-id"),
  };
  if (protocol === undefined) {
    await endProbeSession(terms, session);
    return { fault: "unsupported_version" };
  }
  await notify(terms, session, "notifications/initialized");
  return { session, protocol, server: nameOf(serverInfoOf(result)) };
}

type Listed = { tools: unknown[]; isWhole: boolean } | { fault: string };

async function listTools(terms: McpTerms, session: McpSession): Promise<Listed> {
  const tools: unknown[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = pageIn(await request(terms, session, "tools/list", paramsOf(cursor)), pages);
    if ("fault" in page) return page;
    // A page may have more items than a call takes arguments.
    for (const tool of page.tools) tools.push(tool);
    // More are not kept: it counts as the whole list, of which the rest is left out.
    if (page.next === null || tools.length > TOOLS_MAX) return { tools, isWhole: true };
    cursor = page.next;
  }
  return { fault: "too_many_pages" };
}

function paramsOf(cursor: string | null): RpcObject {
  return cursor === null ? {} : { cursor };
}

type ToolsPage = { tools: readonly unknown[]; next: string | null } | { fault: string };

function pageIn(answer: ProbeExchange, pagesBefore: number): ToolsPage {
  if (hasNoTools(answer) && pagesBefore === 0) return { tools: [], next: null };
  if (answer.kind !== "result") return { fault: faultOf(answer) };
  const { tools, nextCursor } = answer.result;
  if (!Array.isArray(tools)) return { fault: "not_mcp" };
  return { tools, next: typeof nextCursor === "string" ? nextCursor : null };
}

const METHOD_NOT_FOUND = -32_601;

function hasNoTools(page: ProbeExchange): boolean {
  return page.kind === "error" && page.code === METHOD_NOT_FOUND;
}

function faultOf(exchange: Exclude<ProbeExchange, { kind: "result" }>): string {
  if (exchange.kind === "failed") return exchange.fault;
  return exchange.code === UNSUPPORTED_VERSION ? "unsupported_version" : `rpc_${exchange.code}`;
}

/** Anybody's words, so that they are cut and of one line. */
function nameOf(info: RpcObject | null): Probed["server"] {
  if (info === null) return null;
  const { name, version } = info;
  return { name: shown(name), version: shown(version) };
}

function shown(text: unknown): string {
  if (typeof text !== "string") return "";
  const line = text.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
  return [...line.slice(0, 4 * NAME_LENGTH_MAX)].slice(0, NAME_LENGTH_MAX).join("");
}
