import { getTableConfig, type SQLiteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, it } from "vitest";
import "#capabilities.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { newSettings, type OrgSettings } from "#orgs/org-settings.ts";
import * as schema from "#orgs/store/directory-schema.ts";
import { type OperatorAction, recordOperatorAction } from "#orgs/store/operator-actions.ts";
import {
  closeOrg,
  findOrg,
  findOrgsInAnyState,
  findOrgsOnShard,
  insertOrg,
  markOrgDeleted,
  updateOrgSettings,
} from "#orgs/store/orgs.ts";
import { insertServiceToken } from "#orgs/store/token-rows.ts";
import { workerEnv } from "../harness/deployment.ts";
import { newOrgName } from "../harness/orgs.ts";

const { DIRECTORY, SHARD_0 } = workerEnv;
const SETTINGS = newSettings("pro");

function action(org: string, name: OperatorAction["action"] = "operator.org.created") {
  return {
    id: uuid7FromRandom(1_000, crypto.getRandomValues(new Uint8Array(10))),
    org,
    occurredAtMs: 1_000,
    actor: "operator:admin",
    action: name,
    target: null,
    details: {},
    requestId: null,
  };
}

async function newOrg(): Promise<string> {
  const org = newOrgName();
  const row = { org, settings: SETTINGS, shard: "SHARD_0", createdAtMs: 1_000 };
  expect(await insertOrg(DIRECTORY, SHARD_0, row, action(org))).toBe(true);
  return org;
}

function countActions(org: string): Promise<number | null> {
  return DIRECTORY.prepare("SELECT count(*) AS n FROM ledger_outbox WHERE org = ?1")
    .bind(org)
    .first<number>("n");
}

describe("The directory's schema", () => {
  it.each(Object.values(schema).map((table) => [getTableConfig(table as SQLiteTable)]))(
    "is what the migrations made: $name",
    async ({ name, columns }) => {
      const { results } = await DIRECTORY.prepare(`PRAGMA table_info("${name}")`).all<{
        name: string;
        type: string;
        notnull: number;
        pk: number;
      }>();
      const migrated = results.map(({ name, type, notnull, pk }) => [
        name,
        type.toLowerCase(),
        notnull === 1,
        pk === 1,
      ]);
      const declared = columns.map((column) => [
        column.name,
        column.getSQLType(),
        column.notNull,
        column.primary,
      ]);
      expect(declared).toEqual(migrated);
    },
  );
});

describe("insertOrg", () => {
  it("changes nothing and records nothing for a name that is taken", async () => {
    const org = await newOrg();
    const again = { org, settings: { ...SETTINGS, tier: "team" as const }, shard: "SHARD_0" };
    const inserted = await insertOrg(
      DIRECTORY,
      SHARD_0,
      { ...again, createdAtMs: 2_000 },
      action(org),
    );
    expect(inserted).toBe(false);
    expect(await findOrg(DIRECTORY, org)).toMatchObject({ tier: "pro", createdAtMs: 1_000 });
    expect(await countActions(org)).toBe(1);
  });

  it("takes an org back to nothing when its record cannot be written", async () => {
    const first = await newOrg();
    const org = newOrgName();
    const taken = await DIRECTORY.prepare("SELECT id FROM ledger_outbox WHERE org = ?1")
      .bind(first)
      .first<string>("id");
    const row = { org, settings: SETTINGS, shard: "SHARD_0", createdAtMs: 1_000 };
    const clash = { ...action(org), id: taken as string };
    await expect(insertOrg(DIRECTORY, SHARD_0, row, clash)).rejects.toThrow();
    expect(await findOrg(DIRECTORY, org)).toBeNull();
    expect(await insertOrg(DIRECTORY, SHARD_0, row, action(org))).toBe(true);
  });
});

describe("updateOrgSettings", () => {
  it("refuses a change decided on settings that are no longer there", async () => {
    const org = await newOrg();
    const update = (after: OrgSettings) =>
      updateOrgSettings(
        DIRECTORY,
        { org, generation: 1 },
        { before: SETTINGS, after },
        action(org, "operator.org.updated"),
      );
    expect(await update({ ...SETTINGS, limits: { seriesMax: 5 } })).toBe(true);
    expect(await update({ ...SETTINGS, tier: "enterprise" })).toBe(false);
    expect(await findOrg(DIRECTORY, org)).toMatchObject({ tier: "pro", limits: { seriesMax: 5 } });
    expect(await countActions(org)).toBe(2);
  });

  it("refuses an org of another generation", async () => {
    const org = await newOrg();
    const change = { before: SETTINGS, after: { ...SETTINGS, tier: "team" as const } };
    const stale = { org, generation: 2 };
    expect(await updateOrgSettings(DIRECTORY, stale, change, action(org))).toBe(false);
  });
});

describe("closeOrg", () => {
  it("leaves the name for good, in a list of its own until its data is gone", async () => {
    const org = await newOrg();
    const next = (state: "active" | "deleting") =>
      findOrgsOnShard(DIRECTORY, "SHARD_0", state, { after: null, limit: 1_000 });
    const names = async (state: "active" | "deleting") =>
      (await next(state)).map((found) => found.org);
    expect(await names("active")).toContain(org);
    expect(await closeOrg(DIRECTORY, SHARD_0, { org, generation: 1 }, action(org))).toBe(true);
    expect(await names("active")).not.toContain(org);
    expect(await names("deleting")).toContain(org);
    expect(await findOrg(DIRECTORY, org)).toMatchObject({ state: "deleting", generation: 2 });
    await markOrgDeleted(DIRECTORY, org);
    expect(await names("deleting")).not.toContain(org);
    expect(await findOrg(DIRECTORY, org)).toMatchObject({ state: "deleted" });
  });

  it("leaves it among the shard's orgs of any state, by name, once each however few are read", async () => {
    const orgs = [await newOrg(), await newOrg(), await newOrg()].sort();
    await closeOrg(DIRECTORY, SHARD_0, { org: orgs[0]!, generation: 1 }, action(orgs[0]!));
    await closeOrg(DIRECTORY, SHARD_0, { org: orgs[1]!, generation: 1 }, action(orgs[1]!));
    await markOrgDeleted(DIRECTORY, orgs[1]!);
    const listed: string[] = [];
    for (let after: string | null = null; ; after = listed.at(-1) ?? null) {
      const next = await findOrgsInAnyState(DIRECTORY, "SHARD_0", { after, limit: 2 });
      if (next.length === 0) break;
      listed.push(...next.map(({ org }) => org));
    }
    expect(listed).toEqual([...new Set(listed)].sort());
    expect(listed.filter((org) => orgs.includes(org))).toEqual(orgs);
    expect(await findOrgsInAnyState(DIRECTORY, "SHARD_1", { after: null, limit: 2 })).toEqual([]);
  });

  it("lets no token be made for the org afterwards, however stale the maker's view", async () => {
    const org = await newOrg();
    await closeOrg(DIRECTORY, SHARD_0, { org, generation: 1 }, action(org));
    const token = {
      id: "0123456789abcdef",
      org,
      name: "late",
      scopes: ["org:admin" as const],
      actor: null,
      digest: "",
      createdAtMs: 1_000,
      createdBy: "operator:admin",
      expiresAtMs: null,
      revokedAtMs: null,
    };
    for (const generation of [1, 2]) {
      const made = await insertServiceToken(DIRECTORY, { generation }, token, action(org));
      expect(made).toBe(false);
    }
  });
});

describe("recordOperatorAction", () => {
  it("records nothing after a statement that changed nothing", async () => {
    const org = await newOrg();
    const miss = DIRECTORY.prepare("UPDATE orgs SET tier = 'team' WHERE org = 'nobody'");
    await DIRECTORY.batch([miss, recordOperatorAction(DIRECTORY, action(org))]);
    expect(await countActions(org)).toBe(1);
  });
});
