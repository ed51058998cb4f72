import { beforeAll, describe, expect, it } from "vitest";
import { auditEntries } from "../../../audit/audit-client.ts";
import { requireStatus } from "../../../harness/answers.ts";
import { call } from "../../../harness/deployment.ts";
import { makeOrg } from "../../../harness/orgs.ts";
import {
  answeringWith,
  type Behind,
  beginSession,
  behindGateway,
  eventStream,
  initialize,
  messagesOf,
  openStream,
  otherToken,
  result,
  send,
  sendModern,
  serveHosts,
  toolCall,
  UPSTREAM_SESSION,
  withSessionId,
} from "./gateway-kit.ts";

beforeAll(serveHosts);

/** Says its session's id in every answer, as some do. */
const sessions = answeringWith(({ request, id, method }) => {
  if (request.method === "DELETE") return new Response(null, { status: 200 });
  if (id === undefined) return undefined;
  const said = method === "initialize" ? { protocolVersion: "2025-11-25" } : { content: [] };
  return withSessionId(Response.json(JSON.parse(result(id, said))));
});

/** Oldest first; waits for what is told after the answer. */
async function sessionEntries({ org }: Behind, count: number) {
  for (;;) {
    const events = (await auditEntries(org)).map(({ event }) => event);
    const ofSessions = events.filter(({ action }) => String(action).startsWith("session."));
    if (ofSessions.length >= count) return ofSessions.toReversed();
    await scheduler.wait(20);
  }
}

const textOf = async (answer: Response) =>
  `${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.text()}`;

describe("A legacy session through the gateway", () => {
  it("has an id of ours: the server gets its own, and no client ever sees that", async () => {
    const behind = await behindGateway(sessions);
    const opened = await send(behind, initialize());
    const id = opened.headers.get("mcp-session-id") ?? "";
    expect(id).toMatch(/^[\x21-\x7e]+$/);
    const headers = { "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" };
    const called = await send(behind, toolCall("read"), { headers });
    const ended = await call("DELETE", behind.path, { token: behind.token, headers });
    const all = [await textOf(opened), await textOf(called), await textOf(ended)];
    for (const text of all) expect(text).not.toContain(UPSTREAM_SESSION);
    const sent = behind.received.map(({ headers }) => headers.get("mcp-session-id"));
    expect(sent).toEqual([null, UPSTREAM_SESSION, UPSTREAM_SESSION]);
    expect(called.status).toBe(200);
    expect(ended.status).toBe(204);
  });

  it("is on record under our id, and never under the server's", async () => {
    const behind = await behindGateway(sessions);
    const headers = await beginSession(behind);
    await (await send(behind, toolCall("read"), { headers })).text();
    const path = `/v1/orgs/${behind.org}`;
    const texts = async () => {
      const answers = [call("GET", `${path}/invocations`), call("GET", `${path}/audit?limit=1000`)];
      return Promise.all(answers.map(async (answer) => (await answer).text()));
    };
    const [samples, entries] = await texts();
    expect(`${samples}${entries}`).not.toContain(UPSTREAM_SESSION);
  });

  it("is 404 to another principal, on another plugin, in another org, altered, or as the server's", async () => {
    const behind = await behindGateway(sessions);
    const headers = await beginSession(behind);
    const bob = await otherToken(behind);
    const other = await behindGateway(sessions);
    const twin = `/v1/orgs/${behind.org}/workspaces/prod/plugins/twin`;
    const body = { url: "https://twin.example.com/mcp" };
    await requireStatus(201, call("PUT", twin, { body }));
    const before = behind.received.length;
    const id = headers["mcp-session-id"]!;
    const attempts: [Behind, { token?: string; id?: string }][] = [
      [behind, { token: bob }],
      [{ ...behind, path: `${twin}/mcp` }, {}],
      [other, {}],
      [behind, { id: `${id.slice(0, -2)}${id.endsWith("AA") ? "BB" : "AA"}` }],
      [behind, { id: UPSTREAM_SESSION }],
      [behind, { id: "" }],
    ];
    for (const [at, { token = at.token, id: used = id }] of attempts) {
      const sent = { token, headers: { ...headers, "mcp-session-id": used } };
      expect((await send(at, toolCall("read"), sent)).status).toBe(404);
      expect((await openStream(at, sent)).status).toBe(404);
      expect((await call("DELETE", at.path, sent)).status).toBe(404);
    }
    expect(behind.received.length).toBe(before);
    expect(other.received).toEqual([]);
  });

  it("is on record when it is opened and when its client ends it, once each, under a digest", async () => {
    const behind = await behindGateway(sessions);
    const headers = await beginSession(behind);
    await (await send(behind, toolCall("read"), { headers })).text();
    const { path, token } = behind;
    await call("DELETE", path, { token, headers });
    const entries = await sessionEntries(behind, 2);
    const said = { actor: "user:alice@acme", recorded_by: "operator:gateway", outcome: "allowed" };
    expect(entries).toMatchObject([
      { action: "session.opened", workspace: "prod", details: { plugin: "files" }, ...said },
      { action: "session.terminated", workspace: "prod", details: { plugin: "files" }, ...said },
    ]);
    const [opened, ended] = entries.map(({ target }) => target);
    expect(opened).toMatch(/^session:\/\/[0-9a-f]{64}$/);
    expect(ended).toBe(opened);
    expect(JSON.stringify(entries)).not.toContain(UPSTREAM_SESSION);
  });

  it("is on record as neither where its server refused to open or to end it", async () => {
    let opens = false;
    const behind = await behindGateway((request) => {
      if (request.method === "DELETE") return new Response(null, { status: 405 });
      if (opens) return sessions(request);
      const error = { code: -32602, message: "Unsupported protocol version" };
      return withSessionId(Response.json({ jsonrpc: "2.0", id: 0, error }));
    });
    await (await send(behind, initialize())).text();
    opens = true;
    const headers = await beginSession(behind);
    const { path, token } = behind;
    await call("DELETE", path, { token, headers });
    const entries = await sessionEntries(behind, 1);
    expect(entries.map(({ action }) => action)).toEqual(["session.opened"]);
  });

  it("that its server has ended is 404, so that the client begins anew", async () => {
    let isOver = false;
    const behind = await behindGateway((request) =>
      isOver ? new Response("gone", { status: 404 }) : sessions(request),
    );
    const headers = await beginSession(behind);
    isOver = true;
    expect((await send(behind, toolCall("read"), { headers })).status).toBe(404);
    const notified = { jsonrpc: "2.0", method: "notifications/initialized" };
    expect((await send(behind, notified, { headers })).status).toBe(404);
    expect((await openStream(behind, { headers })).status).toBe(404);
  });

  it("that its server has ended is 404 too where it says so in JSON-RPC", async () => {
    let isOver = false;
    const gone = {
      jsonrpc: "2.0",
      id: null,
      error: { code: -32001, message: "Session not found" },
    };
    const behind = await behindGateway((request) =>
      isOver ? Response.json(gone, { status: 404 }) : sessions(request),
    );
    const headers = await beginSession(behind);
    isOver = true;
    const answer = await send(behind, toolCall("read"), { headers });
    expect([answer.status, await answer.json()]).toEqual([404, gone]);
  });

  it("that asked for a version that has none is of a version that has some", async () => {
    const behind = await behindGateway(sessions);
    const opened = await beginSession(behind, { version: "2026-07-28" });
    const headers = { "mcp-session-id": opened["mcp-session-id"]! };
    const answer = await send(behind, toolCall("read"), { headers });
    expect(answer.status).toBe(200);
    expect(behind.received.at(-1)?.headers.get("mcp-session-id")).toBe(UPSTREAM_SESSION);
  });

  it("goes on with a stream where its client left it", async () => {
    const news = JSON.stringify({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
    const behind = await behindGateway((request) =>
      request.method === "GET" ? withSessionId(eventStream(news)) : sessions(request),
    );
    const headers = await beginSession(behind);
    const stream = await openStream(behind, { headers: { ...headers, "last-event-id": "e-7" } });
    expect(stream.headers.get("content-type")).toBe("text/event-stream");
    expect(stream.headers.get("mcp-session-id")).toBeNull();
    expect(messagesOf(await stream.text())).toEqual([JSON.parse(news)]);
    const asked = behind.received.at(-1)!;
    expect(asked.method).toBe("GET");
    expect(asked.headers.get("last-event-id")).toBe("e-7");
    expect(asked.headers.get("mcp-session-id")).toBe(UPSTREAM_SESSION);
  });

  it.each([405, 500, 401, 200])(
    "whose server answers a GET with %i, and no stream, has none: 405 with Allow",
    async (status) => {
      const behind = await behindGateway((request) =>
        request.method === "GET" ? new Response("no", { status }) : sessions(request),
      );
      const headers = await beginSession(behind);
      const answer = await openStream(behind, { headers });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
    },
  );

  it("that its server does not let a client end is 405 with Allow, and none is 400", async () => {
    const behind = await behindGateway((request) =>
      request.method === "DELETE" ? new Response(null, { status: 405 }) : sessions(request),
    );
    const headers = await beginSession(behind);
    const { path, token } = behind;
    const answer = await call("DELETE", path, { token, headers });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await call("DELETE", path, { token })).status).toBe(400);
  });

  it.each([
    [404, 404],
    [500, 502],
    [401, 502],
  ])("whose end its server answers with %i is told so by %i", async (status, told) => {
    const behind = await behindGateway((request) =>
      request.method === "DELETE" ? new Response("no", { status }) : sessions(request),
    );
    const headers = await beginSession(behind);
    const { path, token } = behind;
    expect((await call("DELETE", path, { token, headers })).status).toBe(told);
  });
});

describe("A request of 2026-07-28", () => {
  it("ignores a session's id, whosever it is", async () => {
    const behind = await behindGateway(sessions);
    const headers = { "mcp-session-id": "whatever" };
    const answer = await sendModern(behind, "tools/call", { name: "read" }, { headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("mcp-session-id")).toBeNull();
    expect(behind.received[0]?.headers.get("mcp-session-id")).toBeNull();
  });

  it.each(["GET", "DELETE"])("by %s is 405 with Allow, and goes nowhere", async (method) => {
    const behind = await behindGateway(sessions);
    const headers = { "mcp-protocol-version": "2026-07-28", "mcp-session-id": "whatever" };
    const answer = await call(method, behind.path, { token: behind.token, headers });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
    expect(behind.received).toEqual([]);
  });
});

describe("A session of an org that is not the client's", () => {
  it("is told apart from none by nothing", async () => {
    const behind = await behindGateway(sessions);
    const headers = await beginSession(behind);
    const stranger = await makeOrg();
    const path = `/v1/orgs/${stranger}/workspaces/prod/plugins/files/mcp`;
    const answer = await send({ ...behind, path }, toolCall("read"), { headers });
    expect(answer.status).toBe(404);
  });
});
