import { afterEach, describe, expect, it } from "vitest";
import type { CallFilter } from "#calls/call-filter.ts";
import { markAll, markOnce } from "#calls/store/counted-marks.ts";
import { findCalls } from "#calls/store/find-calls.ts";
import { foldAll, foldOnce } from "#calls/store/fold/fold.ts";
import { registerToolLists } from "#calls/tool-lists.ts";
import { newId } from "../../harness/new-id.ts";
import {
  countRows,
  db,
  invocation,
  makeShardOrg,
  type ShardTestOrg,
  store,
} from "../../harness/shard-org.ts";
import { faultyD1 } from "../../harness/watched-d1.ts";

const never = () => false;
const unknown = (tool: string, plugin = "github") =>
  invocation({ tool, plugin, outcome: "client_error", error_code: "-32602" });

async function count(org: ShardTestOrg): Promise<void> {
  await foldAll(db, org, Date.now, never);
  await markAll(db, org.org, never);
}

/** `workspace/plugin/tool` → what the counters say, replays too. */
async function counters(org: ShardTestOrg): Promise<Record<string, number>> {
  const { results } = await db
    .prepare(
      `SELECT workspace || '/' || plugin || '/' || tool AS name, ok + client_error + server_error
         + policy_denied + quota_exceeded + idempotent_replay AS n
       FROM series WHERE org = ?1 ORDER BY 1`,
    )
    .bind(org.org)
    .all<{ name: string; n: number }>();
  return Object.fromEntries(results.map(({ name, n }) => [name, n]));
}

async function listed(org: ShardTestOrg, filter: CallFilter): Promise<number> {
  let found = 0;
  for (let afterId: string | null = null; ; ) {
    const query = { filter, order: "desc" as const, limit: 1_000, afterId };
    const page = await findCalls(db, org.org, query);
    found += page.calls.length;
    if (page.nextId === null) return found;
    afterId = page.nextId;
  }
}

/** Of `__other__` and of each plugin's `__unknown__`, the list is as long as the counter says. */
async function expectEqual(org: ShardTestOrg): Promise<Record<string, number>> {
  const counted = await counters(org);
  for (const [name, calls] of Object.entries(counted)) {
    const [workspace, plugin, tool] = name.split("/");
    if (tool !== "__other__" && tool !== "__unknown__") continue;
    const filter = { workspace, plugin, tool };
    expect([name, await listed(org, filter)]).toEqual([name, calls]);
  }
  return counted;
}

afterEach(() => registerToolLists(null));

describe("The calls that are counted as __unknown__", () => {
  it("are as many in the list as the counter says, by plugin, and keep their names", async () => {
    const org = await makeShardOrg();
    await store(org, [unknown("a"), unknown("b"), unknown("x", "slack"), invocation()]);
    await count(org);
    expect(await expectEqual(org)).toMatchObject({
      "prod/github/__unknown__": 2,
      "prod/slack/__unknown__": 1,
    });
    const filter = { tool: "__unknown__", plugin: "github" };
    const query = { filter, order: "asc" as const, limit: 10, afterId: null };
    const { calls } = await findCalls(db, org.org, query);
    expect(calls.map(({ tool, countedAs }) => [tool, countedAs]).sort()).toEqual([
      ["a", "__unknown__"],
      ["b", "__unknown__"],
    ]);
    expect(await listed(org, { tool: "a" })).toBe(1);
    expect(await listed(org, { tool: "list_repos" })).toBe(1);
  });

  it("stay so when their name becomes a tool's, whose later calls are its own", async () => {
    const org = await makeShardOrg();
    await store(org, [unknown("a"), unknown("b")]);
    await count(org);
    await store(org, [unknown("a"), invocation({ tool: "a" })]);
    await count(org);
    await store(org, [unknown("a"), unknown("b")]);
    await count(org);
    expect(await expectEqual(org)).toEqual({
      "prod/github/__unknown__": 3,
      "prod/github/a": 3,
    });
    expect(await listed(org, { tool: "a" })).toBe(4);
  });

  it("are those of a tool that its plugin's list has not, too, and what a sender called so", async () => {
    const org = await makeShardOrg();
    registerToolLists(async (_, __, names) => names.map(([, , tool]) => tool === "listed"));
    const denied = (tool: string) => invocation({ tool, outcome: "policy_denied" });
    await store(org, [denied("no"), denied("listed"), denied("no"), denied("__unknown__")]);
    await count(org);
    expect(await expectEqual(org)).toEqual({
      "prod/github/__unknown__": 3,
      "prod/github/listed": 1,
    });
  });

  it("are exactly these however reports, folds and lists race", async () => {
    const org = await makeShardOrg(8);
    const tools = Array.from({ length: 12 }, (_, at) => `t${at}`);
    for (let round = 0; round < 6; round += 1) {
      const reports = Array.from({ length: 4 }, (_, seq) => {
        const calls = tools.flatMap((tool, at) =>
          (at + seq + round) % 3 === 0 ? [unknown(tool), invocation({ tool })] : [unknown(tool)],
        );
        const fields = { epochMs: 1, seq: 4 * round + seq };
        return store(org, calls.slice(seq), fields).then(() =>
          store(org, calls.slice(seq), fields),
        );
      });
      const folds = Array.from({ length: 3 }, () => foldAll(db, org, Date.now, never));
      const marks = Array.from({ length: 2 }, () => markOnce(db, org.org));
      await Promise.all([...reports, ...folds, ...marks]);
    }
    await count(org);
    const counted = await expectEqual(org);
    const all = Object.values(counted).reduce((sum, calls) => sum + calls, 0);
    expect(all).toBe(await countRows(org.org, "tool_invocations"));
    expect(counted["__other__/__other__/__other__"]).toBeGreaterThan(0);
    expect(await countRows(org.org, "counted_marks")).toBe(0);
  });
});

describe("The calls that are counted as __other__", () => {
  it("are as many in the list as the counter says, over several reports and more than a thousand", async () => {
    const org = await makeShardOrg(3);
    for (let seq = 0; seq < 3; seq += 1) {
      const calls = Array.from({ length: 900 }, (_, at) => invocation({ tool: `t${at % 90}` }));
      await store(org, calls, { epochMs: 1, seq });
    }
    await count(org);
    const counted = await expectEqual(org);
    expect(counted["__other__/__other__/__other__"]).toBe(2_700 - 3 * 30);
    expect(await listed(org, { tool: "__other__", plugin: "github" })).toBe(2_610);
    expect(await listed(org, { tool: "__other__", plugin: "slack" })).toBe(0);
    expect(await listed(org, { plugin: "__other__" })).toBe(2_610);
    expect(await listed(org, { workspace: "__other__", outcomes: ["server_error"] })).toBe(0);
    expect(await listed(org, { plugin: "github" })).toBe(2_700);
  });

  it("are found in a backlog that is regrouped, too", async () => {
    const org = await makeShardOrg(100);
    for (let round = 0; round < 2; round += 1) {
      const all = Array.from({ length: 3_300 }, (_, at) =>
        at % 10 === 0 ? unknown(`m${at}`) : invocation({ tool: `t${at}` }),
      ).map((sample) => ({ ...sample, id: newId() }));
      for (let start = 0; start < all.length; start += 900) {
        await store(org, all.slice(start, start + 900), {
          epochMs: 1,
          seq: 4 * round + start / 900,
        });
      }
    }
    await Promise.all([1, 2].map(() => foldAll(db, org, Date.now, never)));
    await count(org);
    const counted = await expectEqual(org);
    expect(Object.values(counted).reduce((sum, calls) => sum + calls, 0)).toBe(6_600);
    expect(counted["__other__/__other__/__other__"]).toBeGreaterThan(5_000);
  }, 60_000);

  it("are told with what is counted or not at all", async () => {
    const org = await makeShardOrg(1);
    await store(org, [invocation({ tool: "a" })]);
    await count(org);
    await store(org, [invocation({ tool: "b" })]);
    const dying = faultyD1(db, (batch) => (batch === 1 ? "before" : null));
    await expect(foldOnce(dying, org, Date.now())).rejects.toThrow();
    expect(await countRows(org.org, "counted_marks")).toBe(0);
    const lost = faultyD1(db, (batch) => (batch === 1 ? "after" : null));
    await expect(foldOnce(lost, org, Date.now())).rejects.toThrow();
    expect(await countRows(org.org, "counted_marks")).toBe(1);
    await count(org);
    expect(await expectEqual(org)).toMatchObject({ "__other__/__other__/__other__": 1 });
  });

  it("cost a fold nothing where all are counted under their own names", async () => {
    const org = await makeShardOrg();
    await store(org, [invocation(), invocation({ tool: "b" })]);
    const asked: string[] = [];
    const watched = new Proxy(db, {
      get: (target, property) => {
        if (property !== "prepare") return Reflect.get(target, property).bind(target);
        return (sql: string) => {
          asked.push(sql);
          return target.prepare(sql);
        };
      },
    });
    await foldAll(watched, org, Date.now, never);
    expect(asked.filter((sql) => sql.includes("counted_marks") || sql.includes("hex("))).toEqual(
      [],
    );
  });
});
