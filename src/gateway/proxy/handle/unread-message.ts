/** Messages that are known by their ids alone. */
import type { RequestId, RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import { readMeta } from "#gateway/proxy/message/request-meta.ts";
import type { Exchange } from "./exchange.ts";

type Known = Pick<RpcMessage, "method" | "id" | "idText">;

/** One that another request brought, and that is answered now. */
export function answeredMessage({ version }: Exchange, known: Known): RpcMessage {
  const nothing = { params: null, hasLossyNumbers: false, name: null, text: "" };
  return { kind: "request", version, ...known, ...nothing, meta: readMeta(null) };
}

/** One that can be read in several ways, or in none: recorded as the call that it may have been. */
export function unreadMessage(x: Exchange, id: RequestId | null): RpcMessage {
  const idText = id === null ? null : JSON.stringify(id);
  return answeredMessage(x, { method: "tools/call", id, idText });
}
