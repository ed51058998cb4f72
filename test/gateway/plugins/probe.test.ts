import { afterEach, describe, expect, it, vi } from "vitest";
import { noteHealth } from "#gateway/plugins/note-health.ts";
import { putHealth } from "#gateway/plugins/store/health-rows.ts";
import { requireStatus } from "../../harness/answers.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";
import {
  type Asked,
  modernServer,
  type PluginBody,
  pluginPath,
  putPluginOk,
  reply,
  rpcError,
  SECRET,
  type Server,
  serve,
  statesOf,
  storedOrg,
  storedPlugin,
  tool,
} from "./plugin-client.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

interface ProbeBody {
  ok: boolean;
  protocol: string | null;
  server: { name: string; version: string } | null;
  tools: number | null;
  error: string | null;
  plugin: PluginBody;
}

async function orgWith(settings: Record<string, unknown> = {}): Promise<string> {
  const org = await makeOrg();
  await putPluginOk(org, settings);
  return org;
}

async function probe(org: string): Promise<ProbeBody> {
  return (await requireStatus(200, call("POST", `${pluginPath(org)}/probe`))).json();
}

const methods = (asked: readonly Asked[]) =>
  asked.map(({ method, message }) => message?.method ?? method);

/** A server of earlier versions, which knows nothing before `initialize`. */
function legacyServer(
  tools: readonly unknown[],
  {
    version = "2025-06-18",
    before = () => new Response("Bad Request: no session", { status: 400 }),
  } = {},
): Server {
  return (asked) => {
    const { method, message, headers } = asked;
    if (message?.method === "initialize") {
      const serverInfo = { name: "legacy", version: "0.9" };
      const result = { protocolVersion: version, capabilities: { tools: {} }, serverInfo };
      return reply(asked, result, { "mcp-session-id": "s-1" });
    }
    if (headers.get("mcp-session-id") !== "s-1") return before();
    if (method === "DELETE" || message?.id === undefined)
      return new Response(null, { status: 202 });
    return reply(asked, { tools });
  };
}

const sse = (asked: Asked, result: unknown, others: readonly unknown[] = []): Response => {
  const messages = [...others, { jsonrpc: "2.0", id: asked.message?.id, result }];
  const text = messages.map((one) => `event: message\ndata: ${JSON.stringify(one)}\n\n`).join("");
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
};

describe("A probe", () => {
  it("speaks 2026-07-28 to a server that does, as its specification asks", async () => {
    const org = await orgWith({ headers: { authorization: SECRET, "x-tenant": "acme" } });
    const asked = serve(modernServer(() => [tool("a"), tool("b")]));
    const { plugin, ...probed } = await probe(org);
    expect(probed).toEqual({
      ok: true,
      protocol: "2026-07-28",
      server: { name: "modern", version: "1.2.3" },
      tools: 2,
      error: null,
    });
    expect(methods(asked)).toEqual(["server/discover", "tools/list"]);
    for (const { headers, message, redirect, url } of asked) {
      expect(url).toBe("https://mcp.example.com/mcp");
      expect(redirect).toBe("manual");
      expect(Object.fromEntries(headers)).toMatchObject({
        authorization: SECRET,
        "x-tenant": "acme",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": message!.method,
        accept: "application/json, text/event-stream",
      });
      expect(headers.has("mcp-session-id")).toBe(false);
      expect(message?.params?.["_meta"]).toMatchObject({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
      });
    }
    expect(plugin.health).toMatchObject({ state: "ok", tools: { active: 2 } });
    expect(await statesOf(org)).toEqual({ a: "active", b: "active" });
  });

  it.each([
    ["400 in words", () => new Response("no session", { status: 400 })],
    ["404", () => new Response(null, { status: 404 })],
    ["405", () => new Response(null, { status: 405 })],
    ["406", () => new Response(null, { status: 406 })],
    ["500", () => new Response("oops", { status: 500 })],
    ["200 and no MCP", () => new Response("<html>")],
    [
      "400 and -32000",
      () => Response.json({ jsonrpc: "2.0", id: null, error: { code: -32_000 } }, { status: 400 }),
    ],
  ])(
    "opens a session where the server is of an earlier version, and ends it: %s",
    async (_, before) => {
      const org = await orgWith();
      const asked = serve(legacyServer([tool("a")], { before }));
      const { plugin: _plugin, ...probed } = await probe(org);
      expect(probed).toMatchObject({
        ok: true,
        protocol: "2025-06-18",
        server: { name: "legacy", version: "0.9" },
        tools: 1,
      });
      expect(methods(asked)).toEqual([
        "server/discover",
        "initialize",
        "notifications/initialized",
        "tools/list",
        "DELETE",
      ]);
      const [, initialize, ...inSession] = asked;
      expect(initialize?.message?.params).toMatchObject({ protocolVersion: "2025-11-25" });
      expect(initialize?.headers.has("mcp-protocol-version")).toBe(false);
      for (const { headers } of inSession) {
        expect(headers.get("mcp-session-id")).toBe("s-1");
        expect(headers.get("mcp-protocol-version")).toBe("2025-06-18");
      }
    },
  );

  it.each([-32_601, -32_022])("asks anew where the question is answered %d", async (code) => {
    const org = await orgWith();
    const legacy = legacyServer([tool("a")]);
    serve((asked) =>
      asked.message?.method === "server/discover" ? rpcError(asked, code, 400) : legacy(asked),
    );
    expect(await probe(org)).toMatchObject({ ok: true, protocol: "2025-06-18" });
  });

  it("reads answers out of streams of events, whatever else is said there", async () => {
    const org = await orgWith();
    const notice = { jsonrpc: "2.0", method: "notifications/message", params: {} };
    const others = [notice, { jsonrpc: "2.0", id: 99_999, result: { tools: [tool("no")] } }];
    const modern = modernServer(() => []);
    serve(async (asked) => {
      const { result } = (await (await modern(asked)).json()) as { result: object };
      const tools = asked.message?.method === "tools/list" ? { tools: [tool("yes")] } : {};
      return sse(asked, { ...result, ...tools }, others);
    });
    expect(await probe(org)).toMatchObject({ ok: true, tools: 1 });
    expect(await statesOf(org)).toEqual({ yes: "active" });
  });

  it("follows pages to the last", async () => {
    const org = await orgWith();
    const pages = [[tool("a")], [tool("b")], [tool("c")]];
    const modern = modernServer(() => []);
    const asked = serve((one) => {
      if (one.message?.method !== "tools/list") return modern(one);
      const at = Number(one.message.params?.["cursor"] ?? 0);
      const next = at < 2 ? { nextCursor: String(at + 1) } : {};
      return reply(one, { tools: pages[at], ...next });
    });
    expect(await probe(org)).toMatchObject({ ok: true, tools: 3 });
    expect(methods(asked)).toHaveLength(4);
    expect(Object.keys(await statesOf(org))).toEqual(["a", "b", "c"]);
  });

  it("ends with a server whose pages do not", async () => {
    const org = await orgWith();
    const modern = modernServer(() => []);
    const asked = serve((one) =>
      one.message?.method === "tools/list"
        ? reply(one, { tools: [], nextCursor: "again" })
        : modern(one),
    );
    expect(await probe(org)).toMatchObject({ ok: false, error: "too_many_pages" });
    expect(asked.length).toBeLessThanOrEqual(101);
  });

  it.each<[string, Server, string]>([
    ["redirects", () => Response.redirect("https://evil.example.net/", 307), "redirect"],
    ["lets nobody in", () => new Response(null, { status: 401 }), "upstream_401"],
    ["is forbidden", () => new Response(null, { status: 403 }), "upstream_403"],
    ["is down", () => new Response("down", { status: 503 }), "upstream_503"],
    ["speaks no MCP", () => new Response("<html>"), "not_mcp"],
    ["cannot be reached", () => Promise.reject(new Error(`no ${SECRET}`)), "unreachable"],
    ["errs", (asked) => rpcError(asked, -32_603), "rpc_-32603"],
    ["wants other headers", (asked) => rpcError(asked, -32_020, 400), "rpc_-32020"],
    [
      "names members twice",
      () => new Response('{"id":1,"id":1}', { headers: { "content-type": "application/json" } }),
      "not_mcp",
    ],
    [
      "answers without end",
      () =>
        new Response("x".repeat(5_000_000), { headers: { "content-type": "application/json" } }),
      "too_large",
    ],
  ])("says in a word that a server %s, and notes it", async (_, server, error) => {
    const org = await orgWith({ headers: { authorization: SECRET } });
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const asked = serve(server);
    const probed = await probe(org);
    expect(probed).toMatchObject({ ok: false, protocol: null, tools: null, error });
    expect(probed.plugin.health).toMatchObject({
      state: "failing",
      last_fault: error,
      consecutive_failures: 1,
      last_ok_at: null,
    });
    expect(JSON.stringify([probed, logged.mock.calls])).not.toContain("s3cr3t");
    expect(asked.every(({ url }) => url.startsWith("https://mcp.example.com/"))).toBe(true);
  });

  it("waits for a server no longer than the plugin says, for its answer's end neither", async () => {
    const never = new Promise<Response>(() => undefined);
    const trickle = () =>
      new Response(
        new ReadableStream({ start: (c) => c.enqueue(new TextEncoder().encode(": x\n\n")) }),
        {
          headers: { "content-type": "text/event-stream" },
        },
      );
    for (const answer of [() => never, trickle]) {
      const org = await orgWith({ timeout_ms: 100 });
      vi.spyOn(globalThis, "fetch").mockImplementation((input) => {
        const { signal } = input as Request;
        return new Promise((resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
          Promise.resolve(answer()).then(resolve, reject);
        });
      });
      expect(await probe(org)).toMatchObject({ ok: false, error: "timeout" });
      vi.restoreAllMocks();
    }
  });

  it("sends nothing inside though the address was let in before", async () => {
    const org = await orgWith();
    await workerEnv.DIRECTORY.prepare(
      "UPDATE plugins SET url = 'https://169.254.169.254/mcp' WHERE org = ?1",
    )
      .bind(org)
      .run();
    const asked = serve(() => new Response("secret"));
    expect(await probe(org)).toMatchObject({ ok: false, error: "forbidden_address" });
    expect(asked).toEqual([]);
  });

  it("sends nothing where a credential cannot be opened", async () => {
    const org = await orgWith({ headers: { authorization: SECRET } });
    await workerEnv.DIRECTORY.prepare(
      "UPDATE plugins SET url = 'https://evil.example.net/mcp' WHERE org = ?1",
    )
      .bind(org)
      .run();
    vi.spyOn(console, "error").mockReturnValue();
    const asked = serve(() => new Response(null));
    expect(await probe(org)).toMatchObject({ ok: false, error: "secret_unreadable" });
    expect(asked).toEqual([]);
  });

  it("cuts what a server calls itself", async () => {
    const org = await orgWith();
    serve((asked) => {
      const serverInfo = { name: `a\u202eb\n${"x".repeat(10_000)}`, version: { not: "text" } };
      return reply(asked, { serverInfo, tools: [] });
    });
    const { server } = await probe(org);
    expect(server?.name).toHaveLength(128);
    expect(server?.name.startsWith("a b x")).toBe(true);
    expect(server?.version).toBe("");
  });

  it("takes a server without tools for one that has none", async () => {
    const org = await orgWith();
    const modern = modernServer(() => []);
    serve((asked) =>
      asked.message?.method === "tools/list" ? rpcError(asked, -32_601, 404) : modern(asked),
    );
    expect(await probe(org)).toMatchObject({ ok: true, tools: 0 });
  });
});

describe("A plugin's health", () => {
  async function healthOf(org: string): Promise<PluginBody["health"]> {
    const answer = await requireStatus(200, call("GET", `/v1/orgs/${org}/plugins`));
    return ((await answer.json()) as { plugins: PluginBody[] }).plugins[0]!.health;
  }

  it("is noted once a minute at most, with the failures in between", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const name = await orgWith();
    const [org, plugin] = [await storedOrg(name), await storedPlugin(name)];
    const startMs = Date.now();
    const note = (fault: string | null, afterMs: number) =>
      noteHealth(workerEnv, org, plugin, fault, startMs + afterMs);
    await note(null, 0);
    for (let call = 1; call <= 5; call += 1) await note("timeout", call);
    expect(await healthOf(name)).toMatchObject({ state: "ok", consecutive_failures: 0 });
    await note("unreachable", 60_000);
    expect(await healthOf(name)).toMatchObject({
      state: "failing",
      last_fault: "unreachable",
      consecutive_failures: 6,
      last_ok_at: new Date(startMs).toISOString(),
      last_fault_at: new Date(startMs + 60_000).toISOString(),
    });
    await note("timeout", 120_000);
    expect((await healthOf(name)).consecutive_failures).toBe(7);
    await note(null, 180_000);
    expect(await healthOf(name)).toMatchObject({
      state: "ok",
      consecutive_failures: 0,
      last_fault: "timeout",
    });
  });

  it("is noted by one of the isolates that note it at once", async () => {
    const name = await orgWith();
    const [org, plugin] = [await storedOrg(name), await storedPlugin(name)];
    const noted = { fault: "timeout", failures: 1, hasAnswered: false, gapMs: 60_000 };
    const note = (nowMs: number) => putHealth(workerEnv.SHARD_0, org, plugin, { ...noted, nowMs });
    const nowMs = Date.now();
    await Promise.all([1, 2, 3, 4].map((afterMs) => note(nowMs + afterMs)));
    expect((await healthOf(name)).consecutive_failures).toBe(1);
    await note(nowMs + 60_004);
    expect((await healthOf(name)).consecutive_failures).toBe(2);
  });

  it("quotes no fault that is none of our words, and is nobody's after a new registration", async () => {
    const name = await orgWith();
    const [org, plugin] = [await storedOrg(name), await storedPlugin(name)];
    await noteHealth(workerEnv, org, plugin, `Error: ${SECRET}`, Date.now());
    expect((await healthOf(name)).last_fault).toBe("failed");
    await requireStatus(204, call("DELETE", pluginPath(name)));
    await putPluginOk(name);
    await noteHealth(workerEnv, org, plugin, "timeout", Date.now() + 600_000);
    expect(await healthOf(name)).toMatchObject({ state: "unknown", last_fault: null });
  });

  it("tells how many tools there are of each state, and what was left out", async () => {
    const org = await orgWith({ on_tool_change: "quarantine" });
    let list: unknown[] = [tool("a"), tool("b"), tool("c"), 7];
    serve(modernServer(() => list));
    await probe(org);
    list = [tool("a"), tool("b", "other")];
    const { plugin } = await probe(org);
    expect(plugin.health.tools).toEqual({ active: 1, quarantined: 1, gone: 1 });
    expect(plugin.health.skipped_tools).toEqual({});
    list = [tool("a"), 7, { name: "" }];
    expect((await probe(org)).plugin.health.skipped_tools).toEqual({ not_a_tool: 1, bad_name: 1 });
  });
});

it("A probe takes a page of any number of tools, of which a plugin has as many as may be", async () => {
  const org = await orgWith();
  const tools = Array.from({ length: 150_000 }, (_, at) => ({ name: `${at}` }));
  serve(modernServer(() => tools));
  const { ok, plugin } = await probe(org);
  expect(ok).toBe(true);
  expect(plugin.health.tools.active).toBe(1_000);
});
