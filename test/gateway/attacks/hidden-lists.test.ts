import { beforeAll, describe, expect, it } from "vitest";
import { call } from "../../harness/deployment.ts";
import {
  type Behind,
  behindGateway,
  eventStream,
  putPolicy,
  result,
  type Server,
  send,
  serveHosts,
} from "../proxy/handle/gateway-kit.ts";
import { openSession, VERSION } from "./sessions.ts";

beforeAll(serveHosts);

const TOOLS = { tools: ["read", "delete"].map((name) => ({ name })) };
const LIST = { jsonrpc: "2.0", id: "5", method: "tools/list" };

/** Opens sessions, and has for each GET the list that was asked for before. */
const resumable: Server = async (request) => {
  if (request.method === "GET") return eventStream(result("5", TOOLS));
  const { id } = (await request.json()) as { id: unknown };
  const headers = { "mcp-session-id": "upstream-session" };
  return Response.json(JSON.parse(result(id, { protocolVersion: "2025-11-25" })), { headers });
};

function stream({ path, token }: Behind, headers: Record<string, string>): Promise<Response> {
  return call("GET", path, { token, headers: { accept: "text/event-stream", ...headers } });
}

async function withoutDelete(server: Server): Promise<Behind> {
  const behind = await behindGateway(server);
  await putPolicy(
    behind.org,
    `permit(principal, action, resource == Mcp::Tool::"prod/files/read");`,
  );
  return behind;
}

describe("What policy keeps from a reader of lists", () => {
  it("does not come by the stream that a client resumes to have the list again", async () => {
    const behind = await withoutDelete(resumable);
    const session = await openSession(behind);
    const answer = await stream(behind, { ...session, "last-event-id": "0" });
    const text = await answer.text();
    expect(text).toContain('"read"');
    expect(text).not.toContain('"delete"');
  });

  it("does not come under an id that the server writes otherwise", async () => {
    const behind = await withoutDelete(() => eventStream(result(5, TOOLS)));
    const text = await (await send(behind, LIST, { headers: VERSION })).text();
    expect(text).toContain('"read"');
    expect(text).not.toContain('"delete"');
  });
});

describe("The id of an event", () => {
  it("goes to the server in a session, and not without one: it may be of anybody's stream", async () => {
    const behind = await behindGateway(resumable);
    const session = await openSession(behind);
    await (await stream(behind, { ...VERSION, "last-event-id": "7" })).text();
    await (await stream(behind, { ...session, "last-event-id": "8" })).text();
    const told = behind.received.map(({ headers }) => headers.get("last-event-id"));
    expect(told).toEqual([null, null, "8"]);
  });
});
