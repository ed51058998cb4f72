import { expect, it } from "vitest";
import { summaryOf } from "#tracing/query-summary.ts";

it.each([
  ["SELECT * FROM orgs WHERE org = ?1", "SELECT orgs"],
  ["select 1", "SELECT"],
  [
    'insert into "tool_invocations" ("org", "id") select ?1, e.value from json_each(?2) e',
    "INSERT tool_invocations SELECT",
  ],
  ["UPDATE orgs SET state = 'deleting' WHERE org = ?", "UPDATE orgs"],
  ["DELETE FROM arrivals WHERE id <= ?", "DELETE arrivals"],
  ["SELECT a FROM series s CROSS JOIN totals t ON t.series = s.id", "SELECT series totals"],
  ["WITH w AS (SELECT id FROM spans) SELECT * FROM w", "SELECT spans SELECT w"],
  ["/* from secret */ SELECT 'FROM hidden' AS a -- from other\nFROM logs", "SELECT logs"],
  ["PRAGMA user_version", "SQL"],
  ["", "SQL"],
])("%s is summarised as %s", (sql, summary) => {
  expect(summaryOf(sql)).toBe(summary);
});

it("A summary is short, whatever the statement", () => {
  const sql = `SELECT * FROM t ${Array.from({ length: 200 }, (_, at) => `JOIN table_${at}`).join(" ")}`;
  expect(summaryOf(sql).length).toBeLessThanOrEqual(120);
});

it("Text that opens a string or comment and never closes it takes no time", () => {
  const startedAt = performance.now();
  for (const text of ["'", "/*", "UPDATE ", "FROM "]) summaryOf(text.repeat(50_000));
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
