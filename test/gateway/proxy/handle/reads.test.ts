import { beforeAll, describe, expect, it } from "vitest";
import { auditEntries } from "../../../audit/audit-client.ts";
import {
  answering,
  type Behind,
  behindGateway,
  putPolicy,
  recordOf,
  send,
  sendModern,
  serveHosts,
} from "./gateway-kit.ts";

beforeAll(serveHosts);

const MAY_READ = `
  permit(principal, action == Mcp::Action::"read", resource) when
    { resource == Mcp::Resource::"prod/files/file:///a" || resource == Mcp::Prompt::"prod/files/review" };`;

const request = (method: string, params: object, id = 1) => ({
  jsonrpc: "2.0",
  id,
  method,
  params,
});

async function errorOf(answer: Promise<Response>) {
  const body = (await (await answer).json()) as {
    error?: { code: number; data?: { decision_id?: string } };
  };
  return body.error;
}

async function withPolicy(policies: string): Promise<Behind> {
  const behind = await behindGateway(answering);
  await putPolicy(behind.org, policies);
  return behind;
}

const decisionsOf = async ({ org }: Behind) => {
  const events = (await auditEntries(org)).map(({ event }) => event);
  return events.filter(({ action }) => /^(resource|prompt|tool)\./.test(String(action)));
};

describe("What is read through the gateway", () => {
  it.each([
    ["resources/read", { uri: "file:///a" }, "resource.read", "resource://files/file:///a"],
    ["prompts/get", { name: "review" }, "prompt.get", "prompt://files/review"],
  ])("by %s has a decision on record, and no sample", async (method, params, action, target) => {
    const behind = await withPolicy(MAY_READ);
    expect(await errorOf(send(behind, request(method, params)))).toBeUndefined();
    const [decision, ...others] = await decisionsOf(behind);
    expect(others).toEqual([]);
    expect(decision).toMatchObject({ action: `${action}.allowed`, outcome: "allowed", target });
    expect((await recordOf(behind.org, 0)).samples).toEqual([]);
  });

  it.each([
    ["resources/read", { uri: "file:///b" }, "resource.read", "resource://files/file:///b"],
    ["prompts/get", { name: "deploy" }, "prompt.get", "prompt://files/deploy"],
    // By what its server reads, whatever else is there.
    ["prompts/get", { name: "deploy", uri: "review" }, "prompt.get", "prompt://files/deploy"],
    [
      "resources/read",
      { uri: "file:///b", name: "file:///a" },
      "resource.read",
      "resource://files/file:///b",
    ],
  ])("by %s and denied is not asked for, and has its denial on record", async (...row) => {
    const [method, params, action, target] = row;
    const behind = await withPolicy(MAY_READ);
    const error = await errorOf(send(behind, request(method, params)));
    expect(error?.code).toBe(-31001);
    expect(behind.received).toEqual([]);
    const decisions = await decisionsOf(behind);
    expect(decisions).toMatchObject([{ action: `${action}.denied`, outcome: "denied", target }]);
    expect(error?.data?.decision_id).toBe(decisions[0]?.["event_id"]);
    expect((await recordOf(behind.org, 0)).samples).toEqual([]);
  });

  const unrecorded: [method: string, permitted: object, denied: object][] = [
    ["resources/subscribe", { uri: "file:///a" }, { uri: "file:///b" }],
    [
      "completion/complete",
      { ref: { type: "ref/prompt", name: "review" } },
      { ref: { type: "ref/prompt", name: "deploy" } },
    ],
    [
      "completion/complete",
      { ref: { type: "ref/resource", uri: "file:///a" } },
      { ref: { type: "ref/resource", uri: "file:///b" } },
    ],
    // By what its server reads, whatever else is there.
    [
      "completion/complete",
      { ref: { type: "ref/prompt", name: "review", uri: "deploy" } },
      { ref: { type: "ref/prompt", name: "deploy", uri: "review" } },
    ],
    [
      "completion/complete",
      { ref: { type: "ref/resource", uri: "file:///a", name: "file:///b" } },
      { ref: { type: "ref/resource", uri: "file:///b", name: "file:///a" } },
    ],
  ];

  it.each(unrecorded)("by %s is decided as a read of it", async (method, permitted, denied) => {
    const behind = await withPolicy(MAY_READ);
    expect(await errorOf(send(behind, request(method, permitted)))).toBeUndefined();
    expect((await errorOf(send(behind, request(method, denied))))?.code).toBe(-31001);
    expect(behind.received.length).toBe(1);
    expect(await decisionsOf(behind)).toEqual([]);
  });

  it.each([
    ["resources/read", {}],
    ["prompts/get", { name: 7 }],
    ["completion/complete", {}],
    ["completion/complete", { ref: { type: "ref/resource" } }],
    ["tools/call", { name: "" }],
  ])("by %s under no name (%j) is invalid, and not sent", async (method, params) => {
    const behind = await behindGateway(answering);
    const answer = await send(behind, request(method, params));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ id: 1, error: { code: -32602 } });
    expect(behind.received).toEqual([]);
  });
});

describe("A stream of news of 2026-07-28", () => {
  const listen = (behind: Behind, resourceSubscriptions: string[]) => {
    const notifications = { toolsListChanged: true, resourceSubscriptions };
    return errorOf(sendModern(behind, "subscriptions/listen", { notifications }));
  };

  it("is refused for one resource that may not be read, whatever else it asks for", async () => {
    const behind = await withPolicy(MAY_READ);
    expect((await listen(behind, ["file:///a", "file:///b"]))?.code).toBe(-31001);
    expect(behind.received).toEqual([]);
    expect(await listen(behind, ["file:///a"])).toBeUndefined();
    expect(await listen(behind, [])).toBeUndefined();
  });

  it("is refused for more resources than are decided at once", async () => {
    const behind = await withPolicy(`permit(principal, action, resource);`);
    const uris = Array.from({ length: 101 }, (_, index) => `file:///${index}`);
    expect((await listen(behind, uris))?.code).toBe(-31001);
    expect(behind.received).toEqual([]);
  });
});

describe("A method that the gateway does not know", () => {
  it.each(["vendor/do", "tools/callAll", "tasks/list", "__proto__", "toString"])(
    "(%s) passes without a policy, and under one needs a permit to list the plugin",
    async (method) => {
      const behind = await behindGateway(answering);
      expect(await errorOf(send(behind, request(method, {})))).toBeUndefined();
      await putPolicy(behind.org, MAY_READ);
      expect((await errorOf(send(behind, request(method, {}))))?.code).toBe(-31001);
      expect(behind.received.length).toBe(1);
      await putPolicy(
        behind.org,
        `permit(principal, action == Mcp::Action::"list", resource == Mcp::Plugin::"prod/files");`,
      );
      expect(await errorOf(send(behind, request(method, {})))).toBeUndefined();
    },
  );

  it.each(["initialize", "ping", "logging/setLevel", "resources/unsubscribe"])(
    "is none of those that open and keep a connection: %s needs no permit",
    async (method) => {
      const behind = await withPolicy(`forbid(principal, action, resource);`);
      const params = { protocolVersion: "2025-11-25", uri: "file:///b", level: "info" };
      expect(await errorOf(send(behind, request(method, params)))).toBeUndefined();
    },
  );
});
