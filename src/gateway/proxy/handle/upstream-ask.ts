/** What goes to a plugin besides the body: all of it made here, nothing of it the client's but what MCP names. */
import { pluginHeaders } from "#gateway/plugins/find-plugin.ts";
import { eraOf } from "#gateway/proxy/message/protocol-version.ts";
import { requestHeaders } from "#gateway/proxy/message/request-headers.ts";
import type { RpcMessage } from "#gateway/proxy/message/rpc-message.ts";
import type { UpstreamAsk } from "#gateway/proxy/upstream/send-upstream.ts";
import type { TraceHeaders } from "#formats/trace-context/trace-context.ts";
import type { Exchange } from "./exchange.ts";

export interface AskTerms {
  method: "POST" | "GET" | "DELETE";
  body?: string;
  message?: RpcMessage;
  inputSchema?: object | null;
  trace?: TraceHeaders | null;
}
