import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findPlugin, forgetPlugin } from "#gateway/plugins/find-plugin.ts";
import { forgetKnownTools, isCallQuarantined, knownTools } from "#gateway/plugins/known-tools.ts";
import { forgetLearnt, learnTools } from "#gateway/plugins/learn-tools.ts";
import { type NamedTool, registerToolsWatcher } from "#gateway/plugins/tools-learnt.ts";
import { envWithShard, workerEnv } from "../../harness/deployment.ts";
import { HOUR, learn, placeWith, watchedEnv } from "./learning.ts";
import { statesOf, tool, toolsOf } from "./plugin-client.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("A list that is as it was", () => {
  it("costs no query where it was just learnt, one read where it was not, and a write an hour", async () => {
    const place = await placeWith("record");
    await learn(place, [tool("a"), tool("b")]);
    const { env, sent } = watchedEnv();
    await learnTools(env, place.org, place.plugin, [tool("a"), tool("b")], true);
    expect(sent).toEqual([]);
    forgetLearnt(place.plugin);
    await learnTools(env, place.org, place.plugin, [tool("b"), tool("a")], true);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatch(/^SELECT/);
    sent.length = 0;
    vi.setSystemTime(Date.now() + HOUR);
    await learnTools(env, place.org, place.plugin, [tool("b"), tool("a")], true);
    // And one for the series that its tools have at zero.
    expect(sent.map((sql) => sql.slice(0, 6))).toEqual(["SELECT", "UPDATE", "SELECT"]);
    const [{ last_seen_at } = { last_seen_at: "" }] = await toolsOf(place.name);
    expect(Date.parse(last_seen_at)).toBe(Date.now());
  });

  it("that changes each time is written once in ten seconds, but for what is to be quarantined", async () => {
    const [recorded, strict] = [await placeWith("record"), await placeWith("quarantine")];
    for (const place of [recorded, strict]) {
      await learn(place, [tool("a"), tool("b")]);
      await learn(place, [tool("a"), tool("b", "new")]);
      for (const version of ["x", "y"]) {
        const list = [tool("a", version), tool("b", version)];
        await learnTools(workerEnv, place.org, place.plugin, list, true);
      }
    }
    expect(
      (await toolsOf(recorded.name)).map(({ definition }) => definition["description"]),
    ).toEqual(["What a does", "new"]);
    expect(await statesOf(strict.name)).toEqual({ a: "quarantined", b: "quarantined" });
  });

  it("costs nobody anything where it cannot be learnt", async () => {
    const place = await placeWith("record");
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const env = envWithShard(() => Promise.reject(new Error("no database")));
    await learn(place, [tool("a")], { env });
    expect(logged).toHaveBeenCalledOnce();
    await learn(place, [tool("a")]);
    expect(await statesOf(place.name)).toEqual({ a: "active" });
  });
});

describe("Known tools", () => {
  it("are null until a list was learnt, and what it had from then on", async () => {
    const place = await placeWith("quarantine");
    const { org, plugin } = place;
    expect(await knownTools(workerEnv, org, plugin)).toBeNull();
    await learn(place, [tool("a"), tool("b")]);
    const known = await knownTools(workerEnv, org, plugin);
    expect([...known!.keys()].sort()).toEqual(["a", "b"]);
    expect(known?.get("a")).toMatchObject({ name: "a", state: "active" });
    expect(known?.get("a")?.definition).toEqual(tool("a"));
    await learn(place, [tool("a", "other")]);
    const now = await knownTools(workerEnv, org, plugin);
    expect([...now!.values()].map(({ name, state }) => [name, state]).sort()).toEqual([
      ["a", "quarantined"],
      ["b", "gone"],
    ]);
  });

  it("are read once in 30 s, and again only if they changed", async () => {
    const place = await placeWith("record");
    await learn(place, [tool("a")]);
    const { env, sent } = watchedEnv();
    const look = () => knownTools(env, place.org, place.plugin);
    await look();
    sent.length = 0;
    const first = await look();
    expect(sent).toEqual([]);
    vi.setSystemTime(Date.now() + 30_000);
    expect(await look()).toBe(first);
    expect(sent.every((sql) => sql.includes("revision AS revision"))).toBe(true);
    // As another isolate does it, which this one does not hear of.
    await learn(place, [tool("a", "other")]);
    vi.setSystemTime(Date.now() + 30_000);
    expect((await look())?.get("a")?.hash).not.toBe(first?.get("a")?.hash);
    forgetKnownTools(place.plugin);
  });

  it("say whose calls are refused: where changes quarantine, all but what was pinned and is there", async () => {
    const strict = await placeWith("quarantine");
    const lax = await placeWith("record");
    const states: Record<string, boolean[]> = {};
    for (const place of [strict, lax]) {
      const { org, plugin } = place;
      expect(isCallQuarantined(plugin, await knownTools(workerEnv, org, plugin), "x")).toBe(false);
      await learn(place, [tool("a")], { isWhole: false });
      expect(isCallQuarantined(plugin, await knownTools(workerEnv, org, plugin), "x")).toBe(false);
      await learn(place, [tool("a"), tool("b"), tool("c")]);
      await learn(place, [tool("a"), tool("b", "other")]);
      const known = await knownTools(workerEnv, org, plugin);
      states[plugin.onToolChange] = ["a", "b", "c", "x"].map((name) =>
        isCallQuarantined(plugin, known, name),
      );
    }
    expect(states).toEqual({
      quarantine: [false, true, true, true],
      record: [false, false, false, false],
    });
  });

  it("are those of the plugin as it is in force within 30 s", async () => {
    const { name } = await placeWith("record");
    const found = await findPlugin(workerEnv, { org: name }, "prod", "github");
    await workerEnv.DIRECTORY.prepare("UPDATE plugins SET timeout_ms = 777 WHERE org = ?1")
      .bind(name)
      .run();
    expect(await findPlugin(workerEnv, { org: name }, "prod", "github")).toBe(found);
    vi.setSystemTime(Date.now() + 30_000);
    const later = await findPlugin(workerEnv, { org: name }, "prod", "github");
    expect(later?.timeoutMs).toBe(777);
    forgetPlugin(later!);
  });
});

describe("Whoever counts calls", () => {
  it("is told of the tools of each list, and what fails there costs nothing", async () => {
    const told: string[][] = [];
    const learnt = async (_env: unknown, _org: unknown, tools: readonly NamedTool[]) => {
      told.push(tools.map(({ workspace, plugin, tool: one }) => `${workspace}/${plugin}/${one}`));
      throw new Error("no room");
    };
    registerToolsWatcher({ learnt, gone: async () => undefined });
    vi.spyOn(console, "error").mockReturnValue();
    const place = await placeWith("record");
    await learn(place, [tool("a"), tool("b")]);
    await learn(place, [tool("b"), tool("a")]);
    await learn(place, [tool("b"), tool("c")]);
    expect(told).toEqual([
      ["prod/github/a", "prod/github/b"],
      ["prod/github/a", "prod/github/b"],
      ["prod/github/b", "prod/github/c"],
    ]);
    registerToolsWatcher({ gone: async () => undefined, learnt: async () => undefined });
  });
});
