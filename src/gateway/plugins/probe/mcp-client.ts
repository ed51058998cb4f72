/**
 * As much of an MCP client as a probe needs, of both eras: modern servers say in each request what they need to
 * know, legacy ones open a session first (modelcontextprotocol/specification, basic/versioning).
 */
import type { Plugin } from "#gateway/plugins/plugin.ts";
import type { Env } from "#platform/env.ts";
import { VERSION } from "#platform/version.ts";
import { type Asked, ask } from "./ask.ts";
import { isObject, type ReadBudget, type RpcObject, type RpcReply, readRpc } from "./read-rpc.ts";

export const MODERN_VERSION = "2026-07-28";
/** Newest first: the first is asked for. */
export const LEGACY_VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26"] as const;

/** As we call ourselves to servers. */
export const CLIENT_INFO = { name: "mcpg-control-plane", version: VERSION };
const META = "io.modelcontextprotocol";

/** What a request came to: an answer, or a stable word for why there is none. */
export type ProbeExchange =
  | { kind: "result"; result: RpcObject; headers: Headers }
  | { kind: "error"; status: number; code: number }
  | { kind: "failed"; status: number | null; fault: string };

export interface McpTerms {
  readonly env: Env;
  readonly plugin: Plugin;
  /** When all of it has to be over, by the machine's clock. */
  readonly overMs: number;
  /** Of all its answers. */
  readonly bytes: { left: number };
}

export interface McpSession {
  readonly protocol: string;
  readonly sessionId: string | null;
}

let ids = 0;

/** A request of the era of `session`, in that session if it has one. */
export async function request(
  terms: McpTerms,
  { protocol, sessionId }: McpSession,
  method: string,
  params: RpcObject,
): Promise<ProbeExchange> {
  ids += 1;
  const id = ids;
  const isModern = protocol === MODERN_VERSION;
  const sent = isModern ? { ...params, _meta: modernMeta() } : params;
  const headers = {
    ...baseHeaders(),
    ...(method !== "initialize" && { "mcp-protocol-version": protocol }),
    ...(isModern && { "mcp-method": method }),
    ...(sessionId !== null && { "mcp-session-id": sessionId }),
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id, method, params: sent });
  const signal = AbortSignal.timeout(timeLeftMs(terms));
  const asked = await ask(terms.env, terms.plugin, { method: "POST", headers, body, signal });
  return exchangeOf(asked, id, { signal, bytes: terms.bytes });
}

/** Tells the server; what it answers does not matter. */
export async function notify(
  terms: McpTerms,
  { protocol, sessionId }: McpSession,
  method: string,
): Promise<void> {
  const headers = { ...baseHeaders(), ...sessionHeaders(protocol, sessionId) };
  const body = JSON.stringify({ jsonrpc: "2.0", method });
  await drop(terms, { method: "POST", headers, body });
}

/** Ends the session, so that probes leave none behind. A server may refuse it. */
export async function endProbeSession(
  terms: McpTerms,
  { protocol, sessionId }: McpSession,
): Promise<void> {
  if (sessionId === null) return;
  const headers = sessionHeaders(protocol, sessionId);
  await drop(terms, { method: "DELETE", headers, body: null });
}

async function drop(
  terms: McpTerms,
  asked: Omit<Parameters<typeof ask>[2], "signal">,
): Promise<void> {
  const signal = AbortSignal.timeout(timeLeftMs(terms));
  const answer = await ask(terms.env, terms.plugin, { ...asked, signal });
  if (answer.kind === "answered") await answer.response.body?.cancel().catch(() => undefined);
}

/** At least a moment, so that a session is ended though the time be over. */
function timeLeftMs({ plugin, overMs }: McpTerms): number {
  return Math.max(500, Math.min(plugin.timeoutMs, overMs - Date.now()));
}

function baseHeaders() {
  return {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
}

function sessionHeaders(protocol: string, sessionId: string | null): Record<string, string> {
  return {
    "mcp-protocol-version": protocol,
    ...(sessionId !== null && { "mcp-session-id": sessionId }),
  };
}

function modernMeta(): RpcObject {
  return {
    [`${META}/protocolVersion`]: MODERN_VERSION,
    [`${META}/clientCapabilities`]: {},
    [`${META}/clientInfo`]: CLIENT_INFO,
  };
}

/** Where a modern result says who answered. */
export function serverInfoOf(result: RpcObject): RpcObject | null {
  const { _meta: meta, serverInfo } = result;
  const info = (isObject(meta) ? meta[`${META}/serverInfo`] : undefined) ?? serverInfo;
  return isObject(info) ? info : null;
}

async function exchangeOf(asked: Asked, id: number, budget: ReadBudget): Promise<ProbeExchange> {
  if (asked.kind === "failed") return { kind: "failed", status: null, fault: asked.fault };
  const { response } = asked;
  const { status, headers } = response;
  const reply: RpcReply = await readRpc(response, id, budget);
  if (reply.kind === "error") return { kind: "error", status, code: reply.code };
  if (reply.kind === "result" && response.ok) {
    return { kind: "result", result: reply.result, headers };
  }
  const fault = response.ok && reply.kind === "unread" ? reply.fault : `upstream_${status}`;
  return { kind: "failed", status, fault };
}
