import { beforeAll, describe, expect, it } from "vitest";
import { requireStatus } from "../../../harness/answers.ts";
import { call } from "../../../harness/deployment.ts";
import { statesOf, tool, toolsOf } from "../../plugins/plugin-client.ts";
import {
  answeringWith,
  type Behind,
  behindGateway,
  eventStream,
  type Heard,
  messagesOf,
  putPolicy,
  recordOf,
  result,
  send,
  sendModern,
  serveHosts,
  toolCall,
} from "./gateway-kit.ts";

beforeAll(serveHosts);

/** As its server writes them: numbers that no double has, and blanks. */
const TOOLS = ["delete", "read", "stat", "write"];
const itemOf = (name: string) =>
  `{ "name":"${name}", "inputSchema":{"type":"object","properties":{"n":{"type":"integer","maximum":9007199254740993.0}}} }`;
const listText = (id: unknown, names: readonly string[] = TOOLS, more = "") =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"tools":[${names.map(itemOf).join(", ")}]${more}}}`;

const json = (text: string) =>
  new Response(text, { headers: { "content-type": "application/json" } });

type Told = (heard: Heard) => string;

function listing(told: Told = ({ id }) => listText(id), asEvents = false): Promise<Behind> {
  return behindGateway(
    answeringWith((heard) => {
      if (!heard.method?.endsWith("/list")) return undefined;
      return asEvents ? eventStream(told(heard)) : json(told(heard));
    }),
  );
}

const READ_AND_STAT = `
  permit(principal, action in Mcp::Action::"call", resource == Mcp::Tool::"prod/files/read");
  permit(principal, action in Mcp::Action::"call", resource == Mcp::Tool::"prod/files/stat")
    when { context has input && context.input has n && context.input.n == 1 };`;

const list = (method = "tools/list", id: string | number = 1, params = {}) => ({
  jsonrpc: "2.0",
  id,
  method,
  params,
});

describe("A list through the gateway", () => {
  it("passes as it came where no policy is set", async () => {
    const behind = await listing(({ id }) => listText(id, TOOLS, `,"cacheScope":"public"`));
    expect(await (await send(behind, list())).text()).toBe(
      listText(1, TOOLS, `,"cacheScope":"public"`),
    );
  });

  it.each([
    ["JSON", false],
    ["events", true],
  ])(
    "in %s shows what call could permit for some argument, in order, its numbers as written",
    async (_, asEvents) => {
      const behind = await listing(undefined, asEvents);
      await putPolicy(behind.org, READ_AND_STAT);
      const text = await (await send(behind, list())).text();
      expect(text).toContain(itemOf("stat"));
      const [message] = asEvents ? messagesOf(text) : [JSON.parse(text)];
      const { tools } = message.result as { tools: { name: string }[] };
      expect(tools.map(({ name }) => name)).toEqual(["read", "stat"]);
      expect(message.id).toBe(1);
    },
  );

  it("that is filtered is private, whatever its server says of it", async () => {
    const behind = await listing(({ id }) =>
      listText(id, TOOLS, id === 1 ? `,"cacheScope":"public","ttlMs":5` : `,"ttlMs":5`),
    );
    await putPolicy(behind.org, READ_AND_STAT);
    for (const id of [1, 2]) {
      const answer = await sendModern(behind, "tools/list", {}, { id });
      expect(await answer.json()).toMatchObject({ result: { cacheScope: "private", ttlMs: 5 } });
    }
  });

  it("is filtered though its server answers under the id of another type", async () => {
    const behind = await listing(({ id }) => listText(Number(id)));
    await putPolicy(behind.org, READ_AND_STAT);
    const text = await (await send(behind, list("tools/list", "1"))).text();
    expect(text).not.toContain("write");
    const asEvents = await listing(({ id }) => listText(Number(id)), true);
    await putPolicy(asEvents.org, READ_AND_STAT);
    expect(await (await send(asEvents, list("tools/list", "1"))).text()).not.toContain("write");
  });

  it("of several pages is filtered page by page, and its cursors pass", async () => {
    const behind = await listing(({ id, params }) =>
      params["cursor"] === "p2"
        ? listText(id, ["stat", "write"])
        : listText(id, ["delete", "read"], `,"nextCursor":"p2"`),
    );
    await putPolicy(behind.org, READ_AND_STAT);
    const first = await (await send(behind, list())).json();
    expect(first).toMatchObject({ result: { tools: [{ name: "read" }], nextCursor: "p2" } });
    const second = await (await send(behind, list("tools/list", 2, { cursor: "p2" }))).json();
    expect(second).toMatchObject({ result: { tools: [{ name: "stat" }] } });
    expect(await statesOf(behind.org, "files")).toEqual(
      Object.fromEntries(TOOLS.map((name) => [name, "active"])),
    );
  });

  it("that policy forbids is refused, and not asked for", async () => {
    const behind = await listing();
    await putPolicy(
      behind.org,
      `permit(principal, action, resource);
       forbid(principal, action == Mcp::Action::"list", resource);`,
    );
    const answer = await (await send(behind, list())).json();
    expect(answer).toMatchObject({ id: 1, error: { code: -31001 } });
    expect(behind.received).toEqual([]);
  });

  it("leaves no call on record", async () => {
    const behind = await listing();
    await send(behind, list()).then((answer) => answer.text());
    const { samples, events } = await recordOf(behind.org, 0);
    expect([samples, events]).toEqual([[], []]);
  });

  it("of resources and prompts shows what read permits", async () => {
    const behind = await listing(({ id, method }) => {
      const resources = ["file:///a", "file:///b"].map((uri) => ({ uri, name: uri }));
      const prompts = [{ name: "review" }, { name: "deploy" }];
      return result(id, method === "prompts/list" ? { prompts } : { resources });
    });
    await putPolicy(
      behind.org,
      `permit(principal, action == Mcp::Action::"read", resource) when
         { resource == Mcp::Resource::"prod/files/file:///b" || resource == Mcp::Prompt::"prod/files/review" };`,
    );
    expect(await (await send(behind, list("resources/list"))).json()).toMatchObject({
      result: { resources: [{ uri: "file:///b" }] },
    });
    expect(await (await send(behind, list("prompts/list"))).json()).toMatchObject({
      result: { prompts: [{ name: "review" }] },
    });
  });
});

describe("The tools of a list that passes", () => {
  it("are learnt and pinned", async () => {
    const behind = await listing();
    await (await send(behind, list())).text();
    const tools = await toolsOf(behind.org, "files");
    expect(tools.map(({ name, state }) => [name, state])).toEqual(
      TOOLS.map((name) => [name, "active"]),
    );
    for (const { hash } of tools) expect(hash).toMatch(/^(sha256:)?[0-9a-f]{64}$/);
  });

  it("that changed are hidden and refused while quarantined, and callable once accepted", async () => {
    let description = "What it does";
    const behind = await behindGateway(
      answeringWith(({ method }) =>
        method === "tools/list"
          ? { tools: [tool("read", description), tool("stat")] }
          : { content: [] },
      ),
      { settings: { on_tool_change: "quarantine" } },
    );
    const names = async () => {
      const body = (await (await send(behind, list())).json()) as {
        result: { tools: { name: string }[] };
      };
      return body.result.tools.map(({ name }) => name);
    };
    expect(await names()).toEqual(["read", "stat"]);
    description = "Now it steals";
    expect(await names()).toEqual(["stat"]);
    const before = behind.received.length;
    const refused = await (await send(behind, toolCall("read"))).json();
    expect(refused).toMatchObject({ id: 1, error: { code: -31003 } });
    expect(behind.received.length).toBe(before);
    const { samples, events } = await recordOf(behind.org, 1);
    expect(samples).toMatchObject([
      { tool: "read", outcome: "policy_denied", error_code: "quarantined" },
    ]);
    expect(events).toMatchObject([
      { action: "tool.call.denied", details: { reason: "quarantined" } },
    ]);
    const [changed] = await toolsOf(behind.org, "files");
    const accept = `/v1/orgs/${behind.org}/workspaces/prod/plugins/files/tools/read/accept`;
    await requireStatus(200, call("POST", accept, { body: { hash: changed?.hash } }));
    expect(await names()).toEqual(["read", "stat"]);
    expect((await (await send(behind, toolCall("read"))).json()) as object).toHaveProperty(
      "result",
    );
  });
});
