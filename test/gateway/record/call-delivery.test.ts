import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Ledger } from "#audit/ledger/ledger.ts";
import { CallOutbox } from "#gateway/record/call-outbox.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { metricSum, scrape } from "../../harness/calls.ts";
import { call, envWithShard, workerEnv } from "../../harness/deployment.ts";
import { newId } from "../../harness/new-id.ts";
import { losing } from "../../harness/watched-d1.ts";
import {
  AnsweredRequest,
  begin,
  callOnce,
  inObject,
  leftIn,
  makeEnd,
  newOrg,
  ring,
  samplesOf,
} from "./gateway-calls.ts";

const object = (org: Org) =>
  workerEnv.LEDGER.getByName(`${org.org}/1`) as unknown as DurableObjectStub<Ledger>;

/** Until it is started anew. */
const giveObject = (org: Org, env: Env) =>
  runInDurableObject(object(org), (ledger) => {
    Object.assign(ledger, { env });
  });

const counted = async ({ org }: Org) => metricSum(await scrape(org), "mcpg_tool_calls_total");

afterEach(() => {
  vi.useRealTimers();
});

describe("The sample of a call that ended", () => {
  it("waits in the object while D1 is down, though the object ends, and is there once D1 is", async () => {
    const org = await newOrg();
    await begin(org);
    await giveObject(org, envWithShard(losing("tool_invocations", "before")));
    const id = await callOnce(org);
    await ring(org);
    expect(await samplesOf(org)).toEqual([]);
    expect(await leftIn(org)).toEqual({ open: 1, ended: 1 });
    await evictDurableObject(object(org));
    await ring(org);
    expect((await samplesOf(org)).map((sample) => sample.id)).toEqual([id]);
    expect(await leftIn(org)).toEqual({ open: 1, ended: 0 });
  });

  it("counts once, though D1 took it and its answer was lost, again and again", async () => {
    const org = await newOrg();
    await begin(org);
    await giveObject(org, envWithShard(losing("tool_invocations", "after")));
    await callOnce(org);
    await ring(org);
    await ring(org);
    await evictDurableObject(object(org));
    await ring(org);
    expect(await samplesOf(org)).toHaveLength(1);
    expect(await counted(org)).toBe(1);
    expect(await leftIn(org)).toEqual({ open: 1, ended: 0 });
  });

  it("is kept by an alarm, whoever else forgets it", async () => {
    const org = await newOrg();
    await begin(org);
    await giveObject(org, envWithShard(losing("tool_invocations", "before")));
    await callOnce(org);
    const at = await inObject(org, (_, { storage }) => storage.getAlarm());
    expect(at).toBeLessThanOrEqual(Date.now() + 30_000);
  });

  it("is forgotten with its org, whose log still completes the call", async () => {
    const org = await newOrg();
    const request = new AnsweredRequest();
    const begun = await begin(org, {}, request);
    await call("DELETE", `/v1/orgs/${org.org}`);
    begun.end(makeEnd());
    await request.done();
    await ring(org);
    expect(await leftIn(org)).toEqual({ open: 0, ended: 0 });
    const actions = await inObject(org, (sql) =>
      sql.exec<{ action: string }>("SELECT action FROM entries ORDER BY seq").toArray(),
    );
    expect(actions.map(({ action }) => action)).toContain("tool.call.completed");
  });
});

describe("The object's rows of calls, by themselves,", () => {
  it("refuse a second call of one id, a second of one key, and what is no JSON", async () => {
    const org = await newOrg();
    await begin(org);
    const attempt = (statement: string) =>
      inObject(org, (sql) => {
        try {
          sql.exec(statement);
          return "taken";
        } catch (error) {
          return (error as Error).message;
        }
      });
    const copy = (id: string, key: string) =>
      `INSERT INTO open_calls (id, call, due_at_ms, wait_key) SELECT ${id}, call, 0, ${key} FROM open_calls LIMIT 1`;
    expect(await attempt(copy("id", "NULL"))).toContain("UNIQUE");
    expect(await attempt(copy("'a'", "'key'"))).toBe("taken");
    expect(await attempt(copy("'b'", "'key'"))).toContain("UNIQUE");
    expect(await attempt("UPDATE open_calls SET call = '{'")).toContain("CHECK");
    expect(await attempt("UPDATE open_calls SET is_waiting = 2")).toContain("CHECK");
  });

  it("are no state of the log: its scrubber and its signer do not mind them", async () => {
    const org = await newOrg();
    await begin(org);
    await callOnce(org);
    const note = await call("POST", `/v1/orgs/${org.org}/audit/checkpoint`);
    expect(note.status).toBe(200);
    await inObject(org, (sql) => {
      sql.exec(
        "INSERT INTO scrub (id, next_at_ms) VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET next_at_ms = 0",
      );
    });
    await ring(org);
    const [scrub] = await inObject(org, (sql) =>
      sql.exec("SELECT passed_size FROM scrub").toArray(),
    );
    expect(scrub?.["passed_size"]).toBeGreaterThanOrEqual(3);
    const { frozen } = (await (await call("GET", `/v1/orgs/${org.org}/audit/status`)).json()) as {
      frozen: boolean;
    };
    expect(frozen).toBe(false);
  });
});

/** A ledger that counts what it is told, and answers when it may. */
function toldLedger(answer: (times: number) => Promise<void>) {
  const told: { ends: { id: string }[]; alive: string[] }[] = [];
  const ledger = {
    tellOfCalls: (_: unknown, news: (typeof told)[number]) => {
      told.push(news);
      return answer(told.length);
    },
  };
  const LEDGER = { getByName: () => ledger } as unknown as Env["LEDGER"];
  return { told, env: { ...workerEnv, LEDGER } };
}

const end = () => ({
  end: {
    id: newId(),
    startedAtMs: 0,
    ending: { outcome: "ok", errorCode: null, endedAtMs: 0, responseBytes: 0 },
  },
});

const outboxOf = () => new CallOutbox({ org: "acme", log: 1, shard: "SHARD_0" }, () => undefined);

describe("An isolate", () => {
  it("tells of many calls' ends in one RPC, each resolved by it", async () => {
    const { told, env } = toldLedger(async () => undefined);
    const outbox = outboxOf();
    const ends = Array.from({ length: 200 }, end);
    const answers = await Promise.all(ends.map((one) => outbox.tell(env, one)));
    expect(answers.every((isTold) => isTold)).toBe(true);
    expect(told.map(({ ends }) => ends.length)).toEqual([200]);
  });

  it("tells again what failed, and what a request had taken with it that never came back", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const never = new Promise<void>(() => undefined);
    const { told, env } = toldLedger((times) => (times === 1 ? never : Promise.resolve()));
    const outbox = outboxOf();
    void outbox.tell(env, end());
    await vi.waitFor(() => expect(told).toHaveLength(1));
    const second = outbox.tell(env, end());
    vi.setSystemTime(Date.now() + 11_000);
    expect(await second).toBe(true);
    expect(told.map(({ ends }) => ends.length)).toEqual([1, 2]);
    const failing = toldLedger(async (times) => {
      if (times <= 2) throw new Error("out of reach");
    });
    expect(await outboxOf().tell(failing.env, end())).toBe(true);
    expect(failing.told).toHaveLength(3);
  });

  it("marks a call alive each 20 s on the timer of its own request, until it ends", async () => {
    const waits: { ms: number; go: () => void; signal: AbortSignal | undefined }[] = [];
    const spy = vi.spyOn(scheduler, "wait").mockImplementation((ms, options) => {
      return new Promise((resolve, reject) => {
        options?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
        waits.push({ ms, go: () => resolve(), signal: options?.signal });
        if (ms < 5_000) resolve();
      });
    });
    try {
      const { told, env } = toldLedger(async () => undefined);
      const { ServedCall } = await import("#gateway/record/served-call.ts");
      const { makeStart } = await import("./gateway-calls.ts");
      const request = new AnsweredRequest();
      const place = { env, ctx: request, address: { org: newId(), log: 1, shard: "SHARD_0" } };
      const served = new ServedCall(makeStart(), place);
      // Not those of calls that other files left open in this runtime.
      const { signal } = waits.at(-1) as (typeof waits)[number];
      const ownWaits = () => waits.filter((wait) => wait.signal === signal);
      expect(ownWaits()).toMatchObject([{ ms: 20_000 }]);
      for (const marks of [1, 2]) {
        ownWaits().at(-1)?.go();
        await vi.waitFor(() => expect(told).toHaveLength(marks));
        await vi.waitFor(() => expect(ownWaits()).toHaveLength(marks + 1));
      }
      expect(ownWaits().every(({ ms }) => ms === 20_000)).toBe(true);
      expect(told.map(({ alive }) => alive)).toEqual([[served.start.id], [served.start.id]]);
      served.end(makeEnd());
      await request.done();
      expect(told[2]?.ends).toHaveLength(1);
    } finally {
      spy.mockRestore();
    }
  });
});
