import { getTableConfig, type SQLiteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, it } from "vitest";
import { instances, toolInvocations } from "#calls/store/shard-schema.ts";
import { db } from "../../harness/shard-org.ts";

describe("the shard's drizzle tables", () => {
  it.each<[string, SQLiteTable]>([
    ["tool_invocations", toolInvocations],
    ["instances", instances],
  ])("have the migrated columns of %s", async (name, table) => {
    const { results } = await db
      .prepare(`SELECT name, type, "notnull" AS isNotNull FROM pragma_table_info('${name}')`)
      .all<{ name: string; type: string; isNotNull: number }>();
    const columns = getTableConfig(table).columns.map((column) => ({
      name: column.name,
      type: column.getSQLType().toUpperCase(),
      isNotNull: column.notNull ? 1 : 0,
    }));
    expect(columns).toEqual(results);
  });
});
