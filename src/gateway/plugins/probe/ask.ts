/** One HTTP request to a plugin's server, on our own account: nothing of any caller goes along. */

import { pluginHeaders } from "#gateway/plugins/find-plugin.ts";
import type { Plugin } from "#gateway/plugins/plugin.ts";
import type { Env } from "#platform/env.ts";
import { logError } from "#platform/log-error.ts";
import { refuseEndpoint } from "#streams/endpoint.ts";
import { endpointRules } from "#streams/endpoint-rules.ts";
import { tracedFetch } from "#tracing/traced-fetch.ts";

export interface AskBody {
  readonly method: "POST" | "DELETE";
  /** What the protocol says; the plugin's own headers cannot replace it. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Ends the answer's body too. */
  readonly signal: AbortSignal;
}

export type AskFault =
  | "forbidden_address"
  | "secret_unreadable"
  | "redirect"
  | "timeout"
  | "unreachable";

export type Asked = { kind: "answered"; response: Response } | { kind: "failed"; fault: AskFault };

const OURS = { "user-agent": "mcpg-control-plane" };

/** Never rejects: whatever a server does is an answer. */
export async function ask(env: Env, plugin: Plugin, asked: AskBody): Promise<Asked> {
  // Settings may have changed since it was registered.
  if (refuseEndpoint(plugin.url, endpointRules(env)) !== null) return failed("forbidden_address");
  const headers = await openedHeaders(env, plugin);
  if (headers === null) return failed("secret_unreadable");
  try {
    const { method, body, signal } = asked;
    const all = { ...headers, ...asked.headers, ...OURS };
    const request = new Request(plugin.url, {
      method,
      headers: all,
      body,
      signal,
      redirect: "manual",
    });
    return await answeredBy(await tracedFetch(request));
  } catch {
    // The runtime's message quotes the URL, whose path may be a secret.
    return failed(asked.signal.aborted ? "timeout" : "unreachable");
  }
}

async function answeredBy(response: Response): Promise<Asked> {
  if (response.status < 300 || response.status >= 400) return { kind: "answered", response };
  await response.body?.cancel();
  return failed("redirect");
}

function failed(fault: AskFault): Asked {
  return { kind: "failed", fault };
}

async function openedHeaders(env: Env, plugin: Plugin) {
  try {
    return await pluginHeaders(env, plugin);
  } catch (error) {
    logError(error, { org: plugin.org, work: "opening a plugin's headers" });
    return null;
  }
}
