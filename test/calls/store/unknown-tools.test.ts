import { afterEach, describe, expect, it } from "vitest";
import { foldAll } from "#calls/store/fold/fold.ts";
import { insertLearnt } from "#calls/store/learnt-series.ts";
import { registerToolLists } from "#calls/tool-lists.ts";
import { newId } from "../../harness/new-id.ts";
import { db, invocation, makeShardOrg, type ShardTestOrg, store } from "../../harness/shard-org.ts";

const never = () => false;
const unknown = (tool: string, code = "-32602") =>
  invocation({ tool, outcome: "client_error", error_code: code });

const countedOf = async ({ org }: ShardTestOrg) => {
  const select = `SELECT plugin || '/' || tool AS name, ok + client_error + server_error + policy_denied AS n
    FROM series WHERE org = ?1 ORDER BY 1`;
  const { results } = await db.prepare(select).bind(org).all<{ name: string; n: number }>();
  return Object.fromEntries(results.map(({ name, n }) => [name, n]));
};

async function fold(
  org: ShardTestOrg,
  ...reports: ReturnType<typeof invocation>[][]
): Promise<void> {
  for (const [seq, report] of reports.entries()) await store(org, report, { epochMs: 1, seq });
  await foldAll(db, org, Date.now, never);
}

afterEach(() => registerToolLists(null));

describe("A tool that its server has only ever called unknown", () => {
  it("is counted under __unknown__ of its plugin, however many names are tried", async () => {
    const org = await makeShardOrg();
    const names = Array.from({ length: 300 }, (_, tool) => `made-up-${tool}`);
    await fold(
      org,
      names.map((tool) => unknown(tool)),
      [
        unknown("x", "-32601"),
        invocation({ plugin: "slack", tool: "y", outcome: "client_error", error_code: "-32601" }),
      ],
    );
    expect(await countedOf(org)).toEqual({ "github/__unknown__": 301, "slack/__unknown__": 1 });
  });

  it("has its own name once anything else was said of it, and keeps it", async () => {
    const org = await makeShardOrg();
    await fold(org, [unknown("a"), unknown("b")]);
    await fold(org, [invocation({ tool: "a" }), unknown("a")]);
    await fold(org, [unknown("a")], [invocation({ tool: "b", outcome: "server_error" })]);
    await fold(org, [unknown("a"), unknown("b"), unknown("c")]);
    expect(await countedOf(org)).toEqual({ "github/__unknown__": 3, "github/a": 4, "github/b": 2 });
  });

  it("is no tool that failed with another code, or otherwise", async () => {
    const org = await makeShardOrg();
    await fold(org, [
      unknown("a", "-32600"),
      invocation({ tool: "b", outcome: "server_error", error_code: "-32602" }),
      invocation({ tool: "c", outcome: "policy_denied" }),
    ]);
    expect(await countedOf(org)).toEqual({ "github/a": 1, "github/b": 1, "github/c": 1 });
  });

  it("is itself where it was learnt from a list: its wrong parameters are its own", async () => {
    const org = await makeShardOrg();
    await insertLearnt(db, org, [["prod", "github", "search"]], Date.now());
    await fold(org, [unknown("search"), unknown("other")]);
    expect(await countedOf(org)).toEqual({ "github/__unknown__": 1, "github/search": 1 });
  });

  it("is told apart in a backlog that is regrouped, too", async () => {
    const org = await makeShardOrg();
    const real = Array.from({ length: 3_200 }, (_, tool) => invocation({ tool: `t${tool}` }));
    const madeUp = Array.from({ length: 400 }, (_, tool) => unknown(`m${tool}`));
    for (let round = 0; round < 2; round += 1) {
      const all = [...real, ...madeUp].map((sample) => ({ ...sample, id: newId() }));
      for (let start = 0; start < all.length; start += 900) {
        await store(org, all.slice(start, start + 900), {
          epochMs: 1,
          seq: round * 4 + start / 900,
        });
      }
    }
    await Promise.all([1, 2].map(() => foldAll(db, org, Date.now, never)));
    const counted = await countedOf(org);
    expect(Object.keys(counted).length).toBe(3_201);
    expect(counted["github/__unknown__"]).toBe(800);
    expect(counted["github/t7"]).toBe(2);
  });
});

describe("A tool that its plugin's list does not have", () => {
  it("is __unknown__ while it never succeeded; one that is listed, or of a plugin without a list, is itself", async () => {
    const org = await makeShardOrg();
    const asked: string[] = [];
    registerToolLists(async (_, name, names) => {
      asked.push(...names.map(([, plugin, tool]) => `${name === org.org} ${plugin}/${tool}`));
      return names.map(([, plugin, tool]) => (plugin === "github" ? tool === "listed" : null));
    });
    const failed = (tool: string, plugin = "github") =>
      invocation({ plugin, tool, outcome: "policy_denied" });
    await fold(org, [
      failed("no"),
      failed("listed"),
      failed("any", "slack"),
      unknown("listed"),
      invocation({ tool: "yes" }),
      failed("yes"),
    ]);
    expect(await countedOf(org)).toEqual({
      "github/__unknown__": 1,
      "github/listed": 2,
      "github/yes": 2,
      "slack/any": 1,
    });
    expect(asked.sort()).toEqual(["true github/listed", "true github/no", "true slack/any"]);
    await fold(org, [failed("yes"), failed("no"), invocation({ tool: "no" })]);
    expect(await countedOf(org)).toMatchObject({
      "github/__unknown__": 1,
      "github/yes": 3,
      "github/no": 2,
    });
  });

  it("costs no look-up where tools succeed", async () => {
    const org = await makeShardOrg();
    registerToolLists(() => Promise.reject(new Error("asked")));
    await fold(org, [
      invocation({ tool: "a" }),
      invocation({ tool: "b", outcome: "idempotent_replay" }),
    ]);
    expect(await countedOf(org)).toMatchObject({ "github/a": 1 });
  });
});
