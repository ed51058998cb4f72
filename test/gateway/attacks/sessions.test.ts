import { beforeAll, describe, expect, it } from "vitest";
import {
  behindGateway,
  result,
  type Server,
  send,
  serveHosts,
  toolCall,
} from "../proxy/handle/gateway-kit.ts";

beforeAll(serveHosts);

const opening: Server = async (request) => {
  const { id } = (await request.json()) as { id: unknown };
  return Response.json(JSON.parse(result(id)), { headers: { "mcp-session-id": "upstream" } });
};

describe("A session", () => {
  it("that was asked for in a version without sessions goes on in one that has them", async () => {
    const behind = await behindGateway(opening);
    const params = { protocolVersion: "2026-07-28", capabilities: {} };
    const opened = await send(behind, { jsonrpc: "2.0", id: 0, method: "initialize", params });
    const headers = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
    const answer = await send(behind, toolCall("read"), { headers });
    expect(answer.status).toBe(200);
    expect(behind.received.at(-1)?.headers.get("mcp-session-id")).toBe("upstream");
  });
});
