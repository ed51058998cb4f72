import { describe, expect, it } from "vitest";
import {
  ADVANCE_FOLD,
  DELETE_ARRIVALS,
  UPSERT_DAILY,
  UPSERT_HOURLY,
  UPSERT_INSTANCES,
  UPSERT_SERIES,
} from "#calls/store/fold/fold-statements.ts";
import { type Cause, causeOfJob, type Part, partOf, type Store, writeOf } from "./parts.ts";

const CAUSES: readonly Cause[] = ["report", "scrape", "tick", "fold", "alarm", "call"];

describe("A statement's write", () => {
  it.each([
    ["INSERT INTO arrivals (org) SELECT ?1", "INSERT", "arrivals"],
    ["  INSERT OR REPLACE INTO clock VALUES (1)", "INSERT", "clock"],
    ['insert into "orgs" ("org") values (?)', "INSERT", "orgs"],
    ["UPDATE log SET told_size = 1", "UPDATE", "log"],
    ["DELETE FROM entries WHERE seq <= ?", "DELETE", "entries"],
    ["WITH d AS (SELECT 1) INSERT INTO series SELECT * FROM d", "INSERT", "series"],
    ["INSERT INTO tiles VALUES (1) ON CONFLICT DO UPDATE SET idx = 1", "INSERT", "tiles"],
  ])("of %s is what it changes", (sql, verb, table) => {
    expect(writeOf(sql)).toMatchObject({ verb, table });
  });

  it("is none where it only reads, whatever its columns are called", () => {
    expect(writeOf("SELECT updated_at_ms, deleted, inserts FROM orgs")).toBeNull();
  });
});

describe("The part that a statement is of", () => {
  it("is the fold for all that the fold writes, whoever has it run", () => {
    const writes = [
      ...[UPSERT_SERIES, UPSERT_HOURLY, UPSERT_DAILY, UPSERT_INSTANCES],
      ...[DELETE_ARRIVALS, ADVANCE_FOLD],
      "INSERT INTO activity_minutes (org) VALUES (?1) ON CONFLICT (org) DO UPDATE SET totals = 1",
      "INSERT INTO lag_minutes (org) VALUES (?1)",
      "UPDATE arrivals SET payload = ?2 WHERE org = ?1",
      "UPDATE tool_invocations SET counted_as = ?2 WHERE org = ?1",
    ];
    const parts = CAUSES.flatMap((cause) => writes.map((sql) => partOf("d1", cause, sql)));
    expect(new Set(parts)).toEqual(new Set(["fold"]));
  });

  it.each<[Store, Cause, string, Part]>([
    ["d1", "report", "INSERT INTO tool_invocations (org) SELECT ?1", "ingest: samples"],
    ["d1", "report", "INSERT INTO arrivals (org) SELECT ?1", "ingest: arrivals"],
    ["d1", "call", "INSERT INTO arrivals (org) SELECT ?1", "ingest: arrivals"],
    ["d1", "fold", "INSERT INTO arrivals (org) SELECT ?1", "fold"],
    ["d1", "report", "SELECT 1 FROM orgs", "ingest"],
    ["d1", "scrape", "SELECT series FROM series WHERE org = ?1", "scrape"],
    ["d1", "tick", "INSERT INTO job_cursors (job) VALUES (?1)", "tick"],
    ["d1", "prune", "DELETE FROM rollups_hourly WHERE org = ?1", "pruning"],
    ["d1", "prune", "UPDATE orgs SET samples_pruned = 1", "pruning"],
    ["d1", "sign", "UPDATE audit_logs SET signed_size = 1", "ledger: signing"],
    ["d1", "alarm", "INSERT INTO audit_logs (org) VALUES (?1)", "ledger: telling D1"],
    ["object", "append", "INSERT INTO entries (seq) VALUES (?)", "ledger: entries"],
    ["object", "append", "UPDATE log SET tree_size = ?", "ledger: entries"],
    ["object", "append", "INSERT INTO bundles (idx) VALUES (?)", "ledger: tree"],
    ["object", "sign", "SELECT body FROM entries", "ledger: signing"],
    ["object", "sign", "UPDATE log SET published_size = ?, told_size = 1", "ledger: signing"],
    ["object", "alarm", "UPDATE log SET told_size = max(told_size, ?)", "ledger: telling D1"],
    ["object", "alarm", "DELETE FROM entries WHERE seq <= ?", "pruning"],
    ["object", "call", "INSERT INTO entries (seq) VALUES (?)", "ledger: entries"],
    ["object", "call", "DELETE FROM open_calls WHERE id = ?", "gateway"],
  ])("in %s, by %s, of %s", (store, cause, sql, part) => {
    expect(partOf(store, cause, sql)).toBe(part);
  });

  it("is the tick's of a job that is none of the parts'", () => {
    expect([causeOfJob("fold"), causeOfJob("prune"), causeOfJob("space")]).toEqual([
      "fold",
      "prune",
      "tick",
    ]);
  });
});
