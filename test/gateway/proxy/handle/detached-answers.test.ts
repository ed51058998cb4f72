import { beforeAll, describe, expect, it } from "vitest";
import {
  answeringWith,
  type Behind,
  beginSession,
  behindGateway,
  eventStream,
  messagesOf,
  openStream,
  putPolicy,
  recordOf,
  result,
  send,
  serveHosts,
  toolCall,
  withSessionId,
} from "./gateway-kit.ts";

beforeAll(serveHosts);

const ids: [string, string | number, string][] = [
  ["a number", 7, "7"],
  ["a text", "seven", `"seven"`],
  ["a text that its server writes otherwise", "é", `"\\u00e9"`],
];

/** Closes the stream of each request after an event with an id; the answer comes on the session's stream. */
function detaching(answer: string): Promise<Behind> {
  return behindGateway(
    answeringWith(({ request, id, method }) => {
      if (request.method === "GET") return withIds(answer);
      if (method === "initialize") return withSessionId(Response.json(JSON.parse(result(id))));
      return id === undefined ? undefined : withIds();
    }),
  );
}

function withIds(...data: string[]): Response {
  const events = [
    "id: e-1\nretry: 10\ndata:\n\n",
    ...data.map((one) => `id: e-2\ndata: ${one}\n\n`),
  ];
  return new Response(events.join(""), { headers: { "content-type": "text/event-stream" } });
}

const actions = (events: Record<string, unknown>[]) => events.map(({ action }) => action).sort();
const ONE_CALL = ["tool.call.allowed", "tool.call.completed"];

describe("A call whose stream its server closes before the answer", () => {
  it.each(ids)(
    "by the id of %s ends, once, with the answer on the session's stream",
    async (_, id, idText) => {
      const answer = `{"jsonrpc":"2.0","id":${idText},"result":{"content":[],"isError":true}}`;
      const behind = await detaching(answer);
      const headers = await beginSession(behind);
      const closed = await send(behind, toolCall("read", id), { headers });
      expect(messagesOf(await closed.text())).toEqual([]);
      const goOn = { ...headers, "last-event-id": "e-1" };
      for (let times = 0; times < 2; times += 1) {
        const stream = await openStream(behind, { headers: goOn });
        expect(messagesOf(await stream.text())).toEqual([JSON.parse(answer)]);
      }
      const { samples, events } = await recordOf(behind.org, 1);
      expect(samples).toMatchObject([
        { tool: "read", outcome: "server_error", error_code: "tool_error" },
      ]);
      expect(actions(events)).toEqual(ONE_CALL);
    },
  );

  it("shows of a list what its reader may see, and no more for being fetched so", async () => {
    const tools = [{ name: "read" }, { name: "write" }].map((one) => ({ ...one, inputSchema: {} }));
    const behind = await detaching(result("é", { tools }));
    await putPolicy(
      behind.org,
      `permit(principal, action, resource == Mcp::Tool::"prod/files/read");`,
    );
    const headers = await beginSession(behind);
    const list = { jsonrpc: "2.0", id: "é", method: "tools/list" };
    expect(messagesOf(await (await send(behind, list, { headers })).text())).toEqual([]);
    const stream = await openStream(behind, { headers: { ...headers, "last-event-id": "e-1" } });
    const text = await stream.text();
    expect(text).not.toContain("write");
    expect(messagesOf(text)).toMatchObject([{ result: { tools: [{ name: "read" }] } }]);
  });
});

describe("A call that its client cancels by a notification", () => {
  it.each(ids)("by the id of %s is cancelled, once, though its server answers", async (_, id) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const behind = await behindGateway(
      answeringWith(async ({ id: asked, method }) => {
        if (method !== "tools/call") return undefined;
        return slowStream(promise, result(asked));
      }),
    );
    const answer = await send(behind, toolCall("read", id));
    const params = { requestId: id, reason: "enough" };
    const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params };
    expect((await send(behind, cancelled)).status).toBe(202);
    expect(JSON.parse(behind.received.at(-1)?.body ?? "")).toEqual(cancelled);
    resolve();
    expect(messagesOf(await answer.text())).toEqual([JSON.parse(result(id))]);
    const { samples, events } = await recordOf(behind.org, 1);
    expect(samples).toMatchObject([{ outcome: "client_error", error_code: "cancelled" }]);
    expect(actions(events)).toEqual(ONE_CALL);
  });

  it("is cancelled while it waits for the stream that its client would come back by", async () => {
    const behind = await detaching(result(7));
    const headers = await beginSession(behind);
    await (await send(behind, toolCall("read", 7), { headers })).text();
    const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled" };
    await send(behind, { ...cancelled, params: { requestId: 7 } }, { headers });
    const { samples, events } = await recordOf(behind.org, 1);
    expect(samples).toMatchObject([{ outcome: "client_error", error_code: "cancelled" }]);
    const goOn = { ...headers, "last-event-id": "e-1" };
    await (await openStream(behind, { headers: goOn })).text();
    expect(actions(events)).toEqual(ONE_CALL);
    expect((await recordOf(behind.org, 1)).events.length).toBe(2);
  });

  it("is cancelled by one that comes in a batch with another call", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const behind = await behindGateway(async (request) => {
      const body = (await request.json()) as { id: number } | { id?: number }[];
      if (!Array.isArray(body)) return slowStream(promise, result(body.id));
      return Response.json([JSON.parse(result(8))]);
    });
    const answer = await send(behind, toolCall("read", 7));
    const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled" };
    const batch = [toolCall("stat", 8), { ...cancelled, params: { requestId: 7 } }];
    await (await send(behind, batch)).text();
    resolve();
    await answer.text();
    const { samples } = await recordOf(behind.org, 2);
    expect(samples.map(({ tool, error_code }) => [tool, error_code]).sort()).toEqual([
      ["read", "cancelled"],
      ["stat", null],
    ]);
  });

  it("is not cancelled by one that names another's id", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const behind = await behindGateway(
      answeringWith(({ id, method }) =>
        method === "tools/call" ? slowStream(promise, result(id)) : undefined,
      ),
    );
    const answer = await send(behind, toolCall("read", 7));
    for (const requestId of ["7", 8, null, { id: 7 }]) {
      const params = { requestId };
      await send(behind, { jsonrpc: "2.0", method: "notifications/cancelled", params });
    }
    resolve();
    await answer.text();
    const { samples } = await recordOf(behind.org, 1);
    expect(samples).toMatchObject([{ outcome: "ok" }]);
  });
});

/** Headers at once, the answer when it may. */
function slowStream(go: Promise<void>, data: string): Response {
  const { readable, writable } = new TransformStream<Uint8Array>();
  const work = async () => {
    const writer = writable.getWriter();
    await go;
    await eventStream(data)
      .arrayBuffer()
      .then((bytes) => writer.write(new Uint8Array(bytes)));
    await writer.close();
  };
  work().catch(() => undefined);
  return new Response(readable, { headers: { "content-type": "text/event-stream" } });
}
