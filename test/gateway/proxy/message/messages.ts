import fc from "fast-check";
import { type Judged, judgeText, type RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import type { ProtocolVersion } from "#gateway/proxy/message/protocol-version.ts";

export const MODERN_META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** The text of a request; members of `over` stand in place of its own. */
export function requestText(method: string, params?: object, over: object = {}): string {
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method, params, ...over });
}

export function callText(params: object = {}): string {
  return requestText("tools/call", { name: "echo", ...params });
}

/** The one message of a text that has to be taken. */
export function taken(text: string, version: ProtocolVersion = "2025-11-25"): RpcMessage {
  const judged = judgeText(text, version);
  if (judged.kind !== "messages") throw new Error(`not taken: ${JSON.stringify(judged)}`);
  return judged.messages[0]!;
}

/** A modern call with these params. */
export function modernCall(params: object, method = "tools/call"): RpcMessage {
  return taken(requestText(method, { ...params, _meta: MODERN_META }), "2026-07-28");
}

export function causeOf(judged: Judged): string {
  if (judged.kind === "ambiguous") return judged.cause;
  return judged.kind === "malformed" ? String(judged.code) : "taken";
}

/** JSON values whose names and texts are any that a client may send. */
export const jsonValue = fc.jsonValue({ maxDepth: 5, stringUnit: "binary" });

export const messageValue = fc.record(
  {
    jsonrpc: fc.constant("2.0"),
    id: fc.oneof(fc.maxSafeInteger(), fc.string({ unit: "binary" })),
    method: fc.constantFrom("tools/call", "tools/list", "ping", "acme/own"),
    params: fc.record(
      {
        name: fc.string({ unit: "binary" }),
        arguments: jsonValue,
        _meta: fc.dictionary(fc.string(), jsonValue),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ["jsonrpc", "id", "method"] },
);
