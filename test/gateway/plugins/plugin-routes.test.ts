import { afterEach, describe, expect, it, vi } from "vitest";
import { findPlugin, pluginHeaders } from "#gateway/plugins/find-plugin.ts";
import { learnTools } from "#gateway/plugins/learn-tools.ts";
import { openPluginHeaders } from "#gateway/plugins/sealed-plugin-headers.ts";
import { updatePlugin } from "#gateway/plugins/store/plugin-rows.ts";
import { auditEntries } from "../../audit/audit-client.ts";
import { problemOf, refusal, requireStatus } from "../../harness/answers.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";
import {
  type PluginBody,
  pluginPath,
  putAt,
  putPluginOk,
  SECRET,
  storedOrg,
  storedPlugin,
  tool,
  toolsOf,
  URL_OF_PLUGIN,
} from "./plugin-client.ts";

afterEach(() => vi.restoreAllMocks());

const headers = { authorization: SECRET };

async function pointersOf(answer: Promise<Response>): Promise<string[]> {
  const { status, code, errors = [] } = await problemOf(answer);
  expect([status, code]).toEqual([400, "invalid_request"]);
  return errors.map(({ pointer }) => pointer);
}

async function openedHeaders(org: string): Promise<Record<string, string>> {
  const found = await findPlugin(workerEnv, { org }, "prod", "github");
  return pluginHeaders(workerEnv, found!);
}

async function pluginEntries(org: string) {
  const entries = await auditEntries(org);
  return entries
    .map(({ event }) => event)
    .filter(({ action }) => String(action).startsWith("plugin."));
}

describe("A plugin", () => {
  it("is registered once, changed afterwards, and read without its secrets", async () => {
    const org = await makeOrg();
    const first = await requireStatus(201, putAt(org, { headers }));
    const body = (await first.json()) as PluginBody;
    expect(body).toMatchObject({
      workspace: "prod",
      plugin: "github",
      url: URL_OF_PLUGIN,
      headers: { authorization: null },
      timeout_ms: 55_000,
      on_tool_change: "record",
      health: { state: "unknown", consecutive_failures: 0 },
    });
    const changed = { headers, timeout_ms: 1_000, on_tool_change: "quarantine" };
    await requireStatus(200, putAt(org, changed));
    const answer = await requireStatus(200, call("GET", pluginPath(org)));
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ timeout_ms: 1_000, on_tool_change: "quarantine" });
    expect(text).not.toContain("s3cr3t");
    expect(text).not.toContain("v1.");
  });

  it("is gone once it is removed, with all that was learnt of it", async () => {
    const org = await makeOrg();
    await putPluginOk(org, { headers });
    await learnTools(workerEnv, await storedOrg(org), await storedPlugin(org), [tool("a")], true);
    expect(await toolsOf(org)).toHaveLength(1);
    await requireStatus(204, call("DELETE", pluginPath(org)));
    expect(await refusal(call("GET", pluginPath(org)))).toEqual([404, "not_found"]);
    expect(await refusal(call("DELETE", pluginPath(org)))).toEqual([404, "not_found"]);
    expect(await findPlugin(workerEnv, { org }, "prod", "github")).toBeNull();
    for (const table of ["plugin_tools", "plugin_lists", "plugin_health"]) {
      const count = `SELECT count(*) AS n FROM ${table} WHERE org = ?1`;
      expect(await workerEnv.SHARD_0.prepare(count).bind(org).first("n")).toBe(0);
    }
    await requireStatus(201, putAt(org));
    expect(await toolsOf(org)).toEqual([]);
  });

  it("that is registered anew has nothing of what an isolate still writes of the one before", async () => {
    const org = await makeOrg();
    await putPluginOk(org);
    const stale = await storedPlugin(org);
    await requireStatus(204, call("DELETE", pluginPath(org)));
    await learnTools(workerEnv, await storedOrg(org), stale, [tool("old")], true);
    await putPluginOk(org);
    expect(await toolsOf(org)).toEqual([]);
    const fresh = await storedPlugin(org);
    await learnTools(workerEnv, await storedOrg(org), fresh, [tool("new")], true);
    await learnTools(workerEnv, await storedOrg(org), stale, [tool("older")], true);
    expect((await toolsOf(org)).map(({ name }) => name)).toEqual(["new"]);
  });

  it.each([
    ["http://mcp.example.com/mcp", "/url"],
    ["https://user:pw@mcp.example.com/mcp", "/url"],
    ["https://mcp.example.com/mcp?key=1", "/url"],
    ["https://10.0.0.1/mcp", "/url"],
    ["https://169.254.169.254/latest", "/url"],
    ["https://2130706433/mcp", "/url"],
    ["https://localhost/mcp", "/url"],
    ["https://metadata.google.internal/", "/url"],
    ["https://mcpg.test/mcp", "/url"],
    ["ftp://mcp.example.com/", "/url"],
  ])("is nowhere inside: %s", async (url, pointer) => {
    expect(await pointersOf(putAt(await makeOrg(), { url }))).toEqual([pointer]);
  });

  it.each([
    ["mcp-session-id", "x"],
    ["Mcp-Protocol-Version", "x"],
    ["last-event-id", "x"],
    ["host", "x"],
    ["cookie", "x"],
    ["content-type", "x"],
    ["x y", "x"],
    ["authorization", "a\r\nx: y"],
    ["authorization", " padded "],
  ])("sets no header that steers the request: %s", async (name, value) => {
    const body = { headers: { [name]: value } };
    const [pointer] = await pointersOf(putAt(await makeOrg(), body));
    expect(pointer).toBe(`/headers/${name}`);
  });

  it("has 16 headers at most, one of a name", async () => {
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`x-${at}`, "1"]));
    expect(await pointersOf(putAt(await makeOrg(), { headers: many }))).toEqual(["/headers"]);
    const twice = { "X-Key": "1", "x-key": "2" };
    expect(await pointersOf(putAt(await makeOrg(), { headers: twice }))).toEqual([
      "/headers/x-key",
    ]);
  });

  it.each([{ timeout_ms: 99 }, { timeout_ms: 300_001 }, { on_tool_change: "ignore" }, { x: 1 }])(
    "takes nothing else: %j",
    async (body) => {
      expect(await pointersOf(putAt(await makeOrg(), body))).toHaveLength(1);
    },
  );
});

describe("A plugin's secrets", () => {
  it("are kept where the request says null, and nowhere else", async () => {
    const org = await makeOrg();
    await putPluginOk(org, { headers: { Authorization: SECRET, "x-key": "k1" } });
    expect(await openedHeaders(org)).toEqual({ authorization: SECRET, "x-key": "k1" });
    await putPluginOk(org, { headers: { authorization: null }, timeout_ms: 2_000 });
    expect(await openedHeaders(org)).toEqual({ authorization: SECRET });
    await putPluginOk(org, {});
    expect(await openedHeaders(org)).toEqual({});
    expect(await pointersOf(putAt(org, { headers: { authorization: null } }))).toEqual([
      "/headers/authorization",
    ]);
    const inherited = { headers: { constructor: null } };
    expect(await pointersOf(putAt(org, inherited))).toEqual(["/headers/constructor"]);
  });

  it("go to no other origin: who may change a URL may not read what somebody else set", async () => {
    const org = await makeOrg();
    await putPluginOk(org, { headers });
    const kept = { headers: { authorization: null } };
    for (const url of ["https://evil.example.net/mcp", "https://mcp.example.com:8443/mcp"]) {
      expect(await pointersOf(putAt(org, { url, ...kept }))).toEqual(["/headers/authorization"]);
    }
    await putPluginOk(org, { url: "https://mcp.example.com/other", ...kept });
    expect(await openedHeaders(org)).toEqual(headers);
  });

  it("open for no other org, workspace, plugin, header or origin", async () => {
    const org = await makeOrg();
    await putPluginOk(org, { headers });
    const { sealedHeaders, ...plugin } = await storedPlugin(org);
    const keyed = { org, generation: 1, shard: "SHARD_0" };
    const owner = { ...plugin, org: keyed };
    expect(await openPluginHeaders(workerEnv, owner, sealedHeaders)).toEqual(headers);
    const moved = [
      { ...owner, org: { ...keyed, org: await makeOrg() } },
      { ...owner, workspace: "dev" },
      { ...owner, plugin: "gitlab" },
      { ...owner, url: "https://evil.example.net/mcp" },
    ];
    for (const other of moved) {
      await expect(openPluginHeaders(workerEnv, other, sealedHeaders)).rejects.toThrow();
    }
    const renamed = { "x-other": sealedHeaders["authorization"]! };
    await expect(openPluginHeaders(workerEnv, owner, renamed)).rejects.toThrow();
  });

  it("are in no entry, no log and no row, and neither is the URL's path", async () => {
    const org = await makeOrg();
    const logged = vi.spyOn(console, "error").mockReturnValue();
    await putPluginOk(org, { url: "https://mcp.example.com/s3cr3t-path", headers });
    await putAt(org, { headers: { "x y": SECRET } });
    const select = "SELECT headers FROM plugins WHERE org = ?1";
    const row = await workerEnv.DIRECTORY.prepare(select).bind(org).first("headers");
    expect(row).not.toContain("s3cr3t");
    expect(JSON.stringify(await auditEntries(org))).not.toContain("s3cr3t");
    expect(JSON.stringify(logged.mock.calls)).not.toContain("s3cr3t");
  });
});

describe("A plugin's place", () => {
  const at = (org: string, workspace: string, plugin: string) =>
    call("PUT", `/v1/orgs/${org}/workspaces/${workspace}/plugins/${plugin}`, {
      body: { url: URL_OF_PLUGIN },
    });

  it.each([
    ["a%2Fb", "github", "/workspace"],
    ["prod", "a%2Fb", "/plugin"],
    ["prod", "a%5Cb", "/plugin"],
    ["prod", "%252F".repeat(50), "/plugin"],
    ["prod", "a%00b", "/plugin"],
    ["prod", "a%0Ab", "/plugin"],
    ["prod", "%ff", "/plugin"],
    ["prod", "%E9", "/plugin"],
    ["prod", "e%CC%81", "/plugin"],
    ["prod", "__other__", "/plugin"],
    ["prod", "__unknown__", "/plugin"],
    ["prod", "x".repeat(129), "/plugin"],
  ])("has one text and one meaning: %s / %s", async (workspace, plugin, pointer) => {
    const org = await makeOrg();
    expect(await pointersOf(at(org, workspace, plugin))).toEqual([pointer]);
    const path = `/v1/orgs/${org}/workspaces/${workspace}/plugins/${plugin}`;
    expect(await refusal(call("GET", path))).toEqual([404, "not_found"]);
  });

  it("may have any other name that a sample may: it is decoded once", async () => {
    const org = await makeOrg();
    for (const name of ["a b", "ü", "日本", "a%2Fb", "a:b?c#d", "__proto__", "x".repeat(128)]) {
      const answer = await requireStatus(201, at(org, "w", encodeURIComponent(name)));
      expect(((await answer.json()) as PluginBody).plugin).toBe(name);
      expect(await findPlugin(workerEnv, { org }, "w", name)).toMatchObject({ plugin: name });
    }
  });
});

describe("The list of plugins", () => {
  it("has each once, newest first, page by page, and no other org's", async () => {
    const [org, other] = [await makeOrg(), await makeOrg()];
    await putPluginOk(other, {}, "theirs");
    const names = ["a", "b", "c", "d", "e"];
    for (const name of names) await putPluginOk(org, {}, name);
    const listed: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const answer = await requireStatus(
        200,
        call("GET", `/v1/orgs/${org}/plugins?limit=2${query}`),
      );
      const page = (await answer.json()) as { plugins: PluginBody[]; next_cursor: string | null };
      listed.push(...page.plugins.map(({ plugin }) => plugin));
      cursor = page.next_cursor;
    }
    expect(listed).toEqual(names.toReversed());
  });
});

describe("Changes of plugins", () => {
  it("are on the record, by who made them, without secrets", async () => {
    const org = await makeOrg();
    const { token } = await createToken(org, ["org:admin"], { actor: "user:ada@acme" });
    await requireStatus(201, putAt(org, { headers }, "github", { token }));
    await putPluginOk(org, { headers: { authorization: null }, timeout_ms: 2_000 });
    await putPluginOk(org, { headers: { authorization: null }, timeout_ms: 2_000 });
    await requireStatus(204, call("DELETE", pluginPath(org)));
    const entries = await pluginEntries(org);
    expect(entries.map(({ action }) => action)).toEqual([
      "plugin.removed",
      "plugin.updated",
      "plugin.registered",
    ]);
    expect(entries.map(({ actor }) => actor)).toEqual([
      "operator:admin",
      "operator:admin",
      "user:ada@acme",
    ]);
    const [, updated, registered] = entries;
    expect(registered).toMatchObject({
      target: "plugin://prod/github",
      outcome: "allowed",
      details: {
        workspace: "prod",
        plugin: "github",
        origin: "https://mcp.example.com",
        headers: "authorization",
        timeout_ms: "55000",
        on_tool_change: "record",
      },
    });
    expect(updated?.details).toEqual({
      workspace: "prod",
      plugin: "github",
      timeout_ms: "2000",
      url_changed: false,
      headers_changed: false,
    });
  });

  it("are not while the org's audit stream is disabled", async () => {
    const org = await makeOrg();
    const audit = { enabled: false };
    await requireStatus(200, call("PUT", `/v1/orgs/${org}/observability`, { body: { audit } }));
    await putPluginOk(org);
    await requireStatus(204, call("DELETE", pluginPath(org)));
    expect(await pluginEntries(org)).toEqual([]);
  });

  it("are each made by one of those who make them at once", async () => {
    const org = await makeOrg();
    const first = await Promise.all(
      Array.from({ length: 8 }, (_, at) => putAt(org, { timeout_ms: 1_000 + at })),
    );
    expect(first.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(first.every(({ status }) => [200, 201, 409].includes(status))).toBe(true);
    const made = first.filter(({ status }) => status < 300).length;
    expect(await pluginEntries(org)).toHaveLength(made);
    const { version } = await storedPlugin(org);
    expect(version).toBe(made);
  });

  it("are each decided on the plugin as it is: what was read before another change changes nothing", async () => {
    const org = await makeOrg();
    await putPluginOk(org);
    const stored = await storedPlugin(org);
    const change = (timeoutMs: number) =>
      updatePlugin(workerEnv.DIRECTORY, stored, { ...stored, timeoutMs }, null);
    expect([await change(1_000), await change(2_000)]).toEqual([true, false]);
    expect(await storedPlugin(org)).toMatchObject({ timeoutMs: 1_000, version: 2 });
  });

  it("of an org that has 1,000 add no other, whoever comes at once", async () => {
    const org = await makeOrg();
    await putPluginOk(org, {}, "first");
    await workerEnv.DIRECTORY.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 998)
       INSERT INTO plugins SELECT org, workspace, 'p' || i, registration || i, url, headers, timeout_ms,
         on_tool_change, version, created_at_ms, updated_at_ms, captures_payloads FROM plugins, n WHERE org = ?1`,
    )
      .bind(org)
      .run();
    const answers = await Promise.all(["x", "y", "z"].map((name) => putAt(org, {}, name)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 409, 409]);
    await requireStatus(200, putAt(org, { timeout_ms: 1_000 }, "first"));
  });
});

describe("A deleted org's plugins", () => {
  it("go with it: credentials at once, and nobody registers another", async () => {
    const org = await makeOrg();
    await putPluginOk(org, { headers });
    const stale = await storedOrg(org);
    const plugin = await storedPlugin(org);
    await requireStatus(202, call("DELETE", `/v1/orgs/${org}`));
    const count = "SELECT count(*) AS n FROM plugins WHERE org = ?1";
    expect(await workerEnv.DIRECTORY.prepare(count).bind(org).first("n")).toBe(0);
    expect(await refusal(putAt(org))).toEqual([404, "not_found"]);
    await learnTools(workerEnv, stale, plugin, [tool("a")], true);
    const tools = "SELECT count(*) AS n FROM plugin_tools WHERE org = ?1";
    expect(await workerEnv.SHARD_0.prepare(tools).bind(org).first("n")).toBe(0);
  });
});
