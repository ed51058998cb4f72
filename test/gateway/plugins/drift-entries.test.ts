import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { acceptTool } from "#gateway/plugins/accept-tool.ts";
import { pluginEntriesJob } from "#gateway/plugins/plugin-entries-job.ts";
import type { Env } from "#platform/env.ts";
import { streamsOf } from "#streams/streams-of.ts";
import { problemOf, refusal, requireStatus } from "../../harness/answers.ts";
import { call, envWithShard, workerEnv } from "../../harness/deployment.ts";
import { runOnce } from "../../harness/in-process.ts";
import { accept, actionsOf, HOUR, learn, namesIn, placeWith, toolEntries } from "./learning.ts";
import { statesOf, tool, toolsOf } from "./plugin-client.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("Entries of changes", () => {
  it("are one an hour a plugin: what changed in between is told together, by the next list or the cron", async () => {
    const place = await placeWith("record");
    await learn(place, [tool("a")]);
    for (const name of ["b", "c", "d"]) await learn(place, [tool("a"), tool(name)]);
    expect(await toolEntries(place)).toHaveLength(1);
    vi.setSystemTime(Date.now() + HOUR);
    await learn(place, [tool("a"), tool("d")]);
    const [, second] = await toolEntries(place);
    expect(namesIn(second?.details.added).sort()).toEqual(["c", "d"]);
    expect(namesIn(second?.details.gone).sort()).toEqual(["b", "c"]);
    await learn(place, [tool("a"), tool("e")]);
    expect(await toolEntries(place)).toHaveLength(2);
    await runOnce(workerEnv, pluginEntriesJob, [place.name]);
    expect(await toolEntries(place)).toHaveLength(2);
    vi.setSystemTime(Date.now() + HOUR);
    const at = { env: workerEnv, shard: "SHARD_0", nowMs: Date.now() };
    expect(await pluginEntriesJob.list(at, null, 1_000)).toContain(place.name);
    await runOnce(workerEnv, pluginEntriesJob, [place.name]);
    const [, , third] = await toolEntries(place);
    expect(namesIn(third?.details.added)).toEqual(["e"]);
    expect(await pluginEntriesJob.list(at, null, 1_000)).not.toContain(place.name);
  });

  it("tell 20 tools of a kind and how many there were, however long their names", async () => {
    const place = await placeWith("quarantine");
    await learn(place, [tool("a")]);
    const names = Array.from({ length: 300 }, (_, at) => `${at}`.padEnd(128, '"'));
    await learn(place, [tool("a"), ...names.map((name) => tool(name))]);
    const [changed, quarantined] = await toolEntries(place);
    expect(namesIn(changed?.details.added)).toHaveLength(20);
    expect(changed?.details.added_count).toBe("300");
    expect(quarantined?.details.quarantined_count).toBe("300");
  });

  it("are lost neither by a ledger that is out of reach nor told twice", async () => {
    const place = await placeWith("record");
    await learn(place, [tool("a")]);
    vi.spyOn(console, "error").mockReturnValue();
    const LEDGER = {
      get: () => ({ append: () => Promise.reject(new Error("out of reach")) }),
      idFromName: (name: string) => name,
      getByName: () => ({ append: () => Promise.reject(new Error("out of reach")) }),
    };
    const env = { ...workerEnv, LEDGER: LEDGER as unknown as Env["LEDGER"] };
    await learn(place, [tool("a", "other")], { env });
    expect(await statesOf(place.name)).toEqual({ a: "active" });
    expect(await toolEntries(place)).toEqual([]);
    await runOnce(workerEnv, pluginEntriesJob, [place.name]);
    await runOnce(workerEnv, pluginEntriesJob, [place.name]);
    expect(await toolEntries(place)).toHaveLength(1);
  });

  it("are not kept while the org's audit stream is disabled", async () => {
    const place = await placeWith("record");
    const body = { audit: { enabled: false } };
    await requireStatus(200, call("PUT", `/v1/orgs/${place.name}/observability`, { body }));
    expect((await streamsOf(workerEnv, place.name)).audit.enabled).toBe(false);
    await learn(place, [tool("a")]);
    await learn(place, [tool("b")]);
    expect(await toolEntries(place)).toEqual([]);
    const count = "SELECT count(*) AS n FROM plugin_entries WHERE org = ?1";
    expect(await workerEnv.SHARD_0.prepare(count).bind(place.name).first("n")).toBe(0);
  });
});

describe("Accepting a tool", () => {
  it("ends its quarantine, on the record, and pins what was accepted", async () => {
    const place = await placeWith("quarantine");
    await learn(place, [tool("a/b c")]);
    await learn(place, [tool("a/b c", "other")]);
    const [{ hash } = { hash: "" }] = await toolsOf(place.name);
    const answer = await requireStatus(200, accept(place, "a/b c", { hash }));
    expect(await answer.json()).toEqual({ tool: "a/b c", hash, state: "active" });
    await requireStatus(200, accept(place, "a/b c"));
    expect(await statesOf(place.name)).toEqual({ "a/b c": "active" });
    const accepted = (await toolEntries(place)).filter(
      ({ action }) => action === "plugin.tool.accepted",
    );
    expect(accepted).toHaveLength(1);
    expect(accepted[0]).toMatchObject({
      actor: "operator:admin",
      details: { plugin: "github", tool: "a/b c", hash },
    });
    await learn(place, [tool("a/b c", "other")]);
    expect(await statesOf(place.name)).toEqual({ "a/b c": "active" });
  });

  it("is one deed, however many say so at once", async () => {
    const place = await placeWith("quarantine");
    await learn(place, [tool("a")]);
    await learn(place, [tool("a", "other")]);
    const answers = await Promise.all(Array.from({ length: 5 }, () => accept(place, "a")));
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    const accepted = (await actionsOf(place)).filter((action) => action === "plugin.tool.accepted");
    expect(accepted).toHaveLength(1);
  });

  it("takes the definition that was read, and no later one", async () => {
    const place = await placeWith("quarantine");
    await learn(place, [tool("a")]);
    await learn(place, [tool("a", "read")]);
    const [{ hash } = { hash: "" }] = await toolsOf(place.name);
    await learn(place, [tool("a", "evil")]);
    expect(await refusal(accept(place, "a", { hash }))).toEqual([409, "conflict"]);
    expect(await statesOf(place.name)).toEqual({ a: "quarantined" });
    expect(await refusal(accept(place, "none"))).toEqual([404, "not_found"]);
    expect((await problemOf(accept(place, "a", { hash: "x" }))).status).toBe(400);
  });

  it("takes none that came between reading and accepting", async () => {
    const place = await placeWith("quarantine");
    await learn(place, [tool("a")]);
    await learn(place, [tool("a", "read")]);
    const env = envWithShard(async (sql, send) => {
      if (sql.includes("SET is_quarantined = 0")) await learn(place, [tool("a", "evil")]);
      return send();
    });
    const by = { actor: "operator:admin", tokenId: null, requestId: null };
    const accepting = acceptTool(env, place.org, place.plugin, { tool: "a", hash: null }, by);
    await expect(accepting).rejects.toMatchObject({ failure: { kind: "conflict" } });
    expect(await statesOf(place.name)).toEqual({ a: "quarantined" });
    expect(await actionsOf(place)).not.toContain("plugin.tool.accepted");
  });

  it("is told once though somebody accepted in between", async () => {
    const place = await placeWith("quarantine");
    await learn(place, [tool("a")]);
    await learn(place, [tool("a", "read")]);
    const env = envWithShard(async (sql, send) => {
      if (sql.includes("SET is_quarantined = 0")) await requireStatus(200, accept(place, "a"));
      return send();
    });
    const by = { actor: "operator:admin", tokenId: null, requestId: null };
    const accepting = acceptTool(env, place.org, place.plugin, { tool: "a", hash: null }, by);
    await expect(accepting).rejects.toMatchObject({ failure: { kind: "conflict" } });
    const accepted = (await actionsOf(place)).filter((action) => action === "plugin.tool.accepted");
    expect(accepted).toHaveLength(1);
  });

  it("lets the next change be told at once", async () => {
    const place = await placeWith("quarantine");
    await learn(place, [tool("a")]);
    await learn(place, [tool("a", "one")]);
    await requireStatus(200, accept(place, "a"));
    await learn(place, [tool("a", "two")]);
    expect(await actionsOf(place)).toEqual([
      "plugin.tool.changed",
      "plugin.tool.quarantined",
      "plugin.tool.accepted",
      "plugin.tool.changed",
      "plugin.tool.quarantined",
    ]);
  });
});
