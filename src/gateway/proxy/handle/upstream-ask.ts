/** What goes to a plugin besides the body: all of it made here, nothing of it the client's but what MCP names. */
import { pluginHeaders } from "#gateway/plugins/find-plugin.ts";
import type { MetaContext } from "#gateway/proxy/message/edit-meta.ts";
import type { RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import { eraOf, VERSION_HEADER } from "#gateway/proxy/message/protocol-version.ts";
import { requestHeaders, unknownParamHeaders } from "#gateway/proxy/message/request-headers.ts";
import type { UpstreamAsk } from "#gateway/proxy/upstream/send-upstream.ts";
import { endpointRules } from "#streams/endpoint-rules.ts";
import type { Exchange } from "./exchange.ts";

export interface AskTerms {
  method: "POST" | "GET" | "DELETE";
  body?: string;
  message?: RpcMessage;
  inputSchema?: object | null;
  trace?: MetaContext | null;
}

export async function upstreamAsk(
  x: Exchange,
  { method, body, message, inputSchema = null, trace = null }: AskTerms,
): Promise<UpstreamAsk> {
  const isModern = eraOf(x.version) === "modern";
  return {
    url: x.plugin.url,
    rules: endpointRules(x.env),
    method,
    body: body ?? null,
    // A client that names no version is passed on as one that does not.
    version: x.headers.has(VERSION_HEADER) ? x.version : null,
    sessionId: x.session?.upstreamId ?? null,
    // Of a stream of its session: without one it would be anybody's.
    lastEventId: method === "GET" && x.session !== null ? x.headers.get("last-event-id") : null,
    described:
      isModern && message !== undefined
        ? {
            ...unknownParamHeaders(x.headers, message, inputSchema),
            ...requestHeaders(message, inputSchema),
          }
        : {},
    trace,
    secrets: await pluginHeaders(x.env, x.plugin),
    timeoutMs: x.plugin.timeoutMs,
    signal: x.signal,
  };
}
