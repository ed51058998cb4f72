/** Sessions of before 2026-07-28, through the gateway. */
import { type Behind, send } from "../proxy/handle/gateway-kit.ts";

export const VERSION = { "mcp-protocol-version": "2025-11-25" };

/** The headers of what is sent in it. */
export async function openSession(behind: Behind): Promise<Record<string, string>> {
  const params = { protocolVersion: "2025-11-25", capabilities: {} };
  const initialize = { jsonrpc: "2.0", id: 0, method: "initialize", params };
  const { headers } = await send(behind, initialize, { headers: VERSION });
  return { ...VERSION, "mcp-session-id": headers.get("mcp-session-id") ?? "" };
}
