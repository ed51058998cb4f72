/** What readers below HTTP are told of an org that the shard alone knows, and how many queries something sends. */
import type { Pending } from "#calls/figures/pending.ts";
import { countForRead } from "#calls/store/fold/count-for-read.ts";
import { readMetricsSnapshot } from "#calls/store/read-snapshot.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { db, type ShardTestOrg } from "../../harness/shard-org.ts";
import { watchedD1 } from "../../harness/watched-d1.ts";

export const WANTS = {
  granularity: "hour",
  ...{ windows: false, native: true, exemplars: false, instances: true },
} as const;

/** What a scrape reads of an org that the shard alone knows, by what is pending. */
export function snapshotWith({ org }: ShardTestOrg, pending: Pending) {
  const place = { env: workerEnv, org, shard: "SHARD_0" } as const;
  return readMetricsSnapshot(place, WANTS, Date.now(), pending);
}

async function figuresWith(org: ShardTestOrg, pending: Pending) {
  const { series, instances } = await snapshotWith(org, pending);
  const lagOf = ({ lagHistogram }: { lagHistogram: string }) =>
    sum(Object.values(JSON.parse(lagHistogram) as Record<string, number>));
  return {
    calls: sum(series.flatMap(({ outcomes }) => [...outcomes])),
    dropped: sum(instances.map(({ dropped }) => dropped)),
    lags: sum(instances.map(lagOf)),
    departed: sum(instances.map(({ hasDeparted }) => hasDeparted)),
    lastReportMs: Math.max(0, ...instances.map(({ lastReportMs }) => lastReportMs)),
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

/** As a reader has them whose time is not over, or is at once. */
export async function read(org: ShardTestOrg, isOver = false) {
  return figuresWith(org, await countForRead(db, org, () => isOver, true));
}

/** D1 that counts the queries that it is sent, those of a batch each. */
export function countingD1() {
  const count = { queries: 0, regroupings: 0, folds: 0 };
  const counting = watchedD1(db, (sql, send) => {
    count.queries += sql.split(";\n").length;
    if (sql.includes("SET folds = folds + 1")) count.folds += 1;
    if (sql.includes("UPDATE arrivals SET payload")) count.regroupings += 1;
    return send();
  });
  return { counting, count };
}

/** As D1 is, and the local one is not: it refuses bound values of more than 2,000,000 bytes. */
export function strictD1(): D1Database {
  const prepare = (sql: string) => {
    const statement = db.prepare(sql);
    const bind = (...values: unknown[]) => {
      for (const value of values) {
        if (typeof value === "string" && new TextEncoder().encode(value).length > 2_000_000)
          throw new Error("D1_ERROR: string or blob too big: SQLITE_TOOBIG");
      }
      return statement.bind(...values);
    };
    return new Proxy(statement, {
      get: (target, property) => {
        if (property === "bind") return bind;
        const value: unknown = Reflect.get(target, property);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
  return new Proxy(db, {
    get: (target, property) => {
      if (property === "prepare") return prepare;
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
