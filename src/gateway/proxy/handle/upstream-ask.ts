/** What goes to a plugin besides the body: all of it made here, nothing of it the client's but what MCP names. */
import type { TraceHeaders } from "#formats/trace-context/trace-context.ts";
import { pluginHeaders } from "#gateway/plugins/find-plugin.ts";
import type { RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import { eraOf } from "#gateway/proxy/message/protocol-version.ts";
import { requestHeaders } from "#gateway/proxy/message/request-headers.ts";
import type { UpstreamAsk } from "#gateway/proxy/upstream/send-upstream.ts";
import type { Exchange } from "./exchange.ts";

export interface AskTerms {
  method: "POST" | "GET" | "DELETE";
  body?: string;
  message?: RpcMessage;
  inputSchema?: object | null;
  trace?: TraceHeaders | null;
}

export async function upstreamAsk(
  x: Exchange,
  { method, body, message, inputSchema = null, trace = null }: AskTerms,
): Promise<UpstreamAsk> {
  const isModern = eraOf(x.version) === "modern";
  return {
    env: x.env,
    url: x.plugin.url,
    method,
    body: body ?? null,
    // A client that names no version is passed on as one that does not.
    version: x.headers.has("mcp-protocol-version") ? x.version : null,
    sessionId: x.session?.upstreamId ?? null,
    lastEventId: method === "GET" ? x.headers.get("last-event-id") : null,
    messageHeaders: isModern && message !== undefined ? requestHeaders(message, inputSchema) : {},
    trace,
    pluginHeaders: await pluginHeaders(x.env, x.plugin),
    timeoutMs: x.plugin.timeoutMs,
  };
}
