import { drizzle } from "drizzle-orm/d1";
import { describe, expect, it } from "vitest";
import { toolInvocations } from "#calls/store/shard-schema.ts";
import { QueryCount } from "#platform/d1/query-count.ts";
import { workerEnv } from "../harness/deployment.ts";

describe("Queries sent D1", () => {
  it("are counted one by one, in a batch too, by whatever they are sent and to whichever database", async () => {
    const count = new QueryCount();
    const { DIRECTORY, SHARD_0 } = count.counted(workerEnv);
    const one = SHARD_0.prepare("SELECT ?1 AS n").bind(1);
    expect(await one.first("n")).toBe(1);
    expect((await one.all()).results).toEqual([{ n: 1 }]);
    expect(await one.raw()).toEqual([[1]]);
    await one.run();
    await DIRECTORY.prepare("SELECT 1").run();
    expect(count.sent).toBe(5);
    await SHARD_0.batch([one, SHARD_0.prepare("SELECT 2"), one]);
    expect(count.sent).toBe(8);
    const orm = drizzle(SHARD_0);
    const select = orm.select().from(toolInvocations).limit(1);
    await select;
    await orm.batch([select, select]);
    expect(count.sent).toBe(11);
  });

  it("are counted where they fail", async () => {
    const count = new QueryCount();
    const { SHARD_0 } = count.counted(workerEnv);
    await expect(SHARD_0.prepare("SELECT * FROM nowhere").run()).rejects.toThrow();
    await expect(SHARD_0.exec("SELECT * FROM nowhere")).rejects.toThrow();
    expect(count.sent).toBe(2);
  });
});
