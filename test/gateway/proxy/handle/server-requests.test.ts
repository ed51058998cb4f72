import { beforeAll, describe, expect, it } from "vitest";
import {
  answeringWith,
  type Behind,
  beginSession,
  behindGateway,
  eventStream,
  messagesOf,
  openStream,
  otherToken,
  recordOf,
  result,
  send,
  serveHosts,
  toolCall,
  withSessionId,
} from "./gateway-kit.ts";

beforeAll(serveHosts);

/** Its server asks something before it answers a call, by the id that is given as it is written. */
function asking(idText: string, { cancels = false } = {}): Promise<Behind> {
  const request = `{"jsonrpc":"2.0","id":${idText},"method":"elicitation/create","params":{"n":1.0}}`;
  const cancelled = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${idText}}}`;
  let sessions = 0;
  return behindGateway(
    answeringWith(({ request: { method: http }, id, method }) => {
      if (http === "GET") return eventStream(request);
      if (method === "initialize") {
        sessions += 1;
        const response = withSessionId(Response.json(JSON.parse(result(id))));
        response.headers.set("mcp-session-id", `upstream-${sessions}`);
        return response;
      }
      if (method !== "tools/call") return undefined;
      return eventStream(request, ...(cancels ? [cancelled] : []), result(id));
    }),
  );
}

async function askedIn(behind: Behind, headers: Record<string, string>) {
  const answer = await send(behind, toolCall("read"), { headers });
  return messagesOf(await answer.text());
}

const answerTo = (id: unknown) => ({ jsonrpc: "2.0", id, result: { action: "accept", n: 1 } });

describe("What a server asks its client", () => {
  it.each([
    ["a number", "7"],
    ["zero", "0"],
    ["a text", `"seven"`],
    ["a text that reads as a number", `"7"`],
    ["a text of escapes", `"\\u00e9 \\"x\\""`],
  ])("by %s is answered under that id, and has one of ours on the way", async (_, idText) => {
    const behind = await asking(idText);
    const headers = await beginSession(behind);
    const [asked] = await askedIn(behind, headers);
    expect(asked).toMatchObject({ method: "elicitation/create", params: { n: 1 } });
    expect(asked?.["id"]).toMatch(/^mcpg\./);
    const answer = await send(behind, answerTo(asked?.["id"]), { headers });
    expect(answer.status).toBe(202);
    const sent = JSON.parse(behind.received.at(-1)?.body ?? "");
    expect(sent).toEqual(answerTo(JSON.parse(idText)));
    expect(typeof sent.id).toBe(typeof JSON.parse(idText));
  });

  it("has on the session's own stream the id that it has on a call's", async () => {
    const behind = await asking("7");
    const headers = await beginSession(behind);
    const [onCall] = await askedIn(behind, headers);
    const [onStream] = messagesOf(await (await openStream(behind, { headers })).text());
    expect(onStream?.["id"]).toBe(onCall?.["id"]);
  });

  it("is called off by the id that the client knows it by", async () => {
    const behind = await asking("7", { cancels: true });
    const headers = await beginSession(behind);
    const [asked, cancelled] = await askedIn(behind, headers);
    expect(cancelled).toMatchObject({ params: { requestId: asked?.["id"] } });
  });

  it.each(["plain", "made up", "another session's", "another principal's", "no id at all"])(
    "is not answered by an id that is %s: refused, recorded, and not sent",
    async (how) => {
      const behind = await asking("7");
      const headers = await beginSession(behind);
      const [asked] = await askedIn(behind, headers);
      const own = String(asked?.["id"]);
      const bob = await otherToken(behind);
      const proofless = own.replace(/^mcpg\.[^.]+/, `mcpg.${"A".repeat(22)}`);
      const attempts: Record<string, [id: unknown, token?: string]> = {
        plain: [7],
        "made up": [proofless],
        "another session's": [own],
        "another principal's": [own, bob],
        "no id at all": ["mcpg."],
      };
      const [id, token = behind.token] = attempts[how]!;
      const isOther = how.startsWith("another");
      const used = isOther ? await beginSession(behind, { token }) : headers;
      const before = behind.received.length;
      const answer = await send(behind, answerTo(id), { headers: used, token });
      expect(answer.status).toBe(400);
      expect(behind.received.length).toBe(before);
      const { samples, events } = await recordOf(behind.org, 2);
      expect(samples.filter(({ error_code }) => error_code === "ambiguous")).toMatchObject([
        { tool: "__unknown__", outcome: "policy_denied" },
      ]);
      expect(events.filter(({ action }) => action === "tool.call.denied")).toMatchObject([
        { details: { reason: "unasked_response" } },
      ]);
    },
  );
});
