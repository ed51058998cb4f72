/** What becomes of legal holds when a frozen log is recovered. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Ledger } from "#audit/ledger/ledger.ts";
import { requireStatus } from "../harness/answers.ts";
import { call } from "../harness/deployment.ts";
import { makeOrg } from "../harness/orgs.ts";
import { auditEntries, auditJson, statusOf } from "./audit-client.ts";
import { doctor } from "./ledger/doctored.ts";
import { holdTimes } from "./ledger/held-log.ts";
import { holdEvent, ledgerOf } from "./ledger/test-log.ts";

const REASON = { reason: "The database was restored." };
// What fails on purpose is logged.
beforeEach(() => vi.spyOn(console, "error").mockReturnValue());
afterEach(() => vi.restoreAllMocks());
const logOf = (org: string, log = 1) => ({ org, log, shard: "SHARD_0" });

function recover(org: string, body: unknown = REASON): Promise<Response> {
  return call("POST", `/v1/orgs/${org}/audit/recover`, { body });
}

async function freeze(org: string, log = 1): Promise<void> {
  await ledgerOf(logOf(org, log)).freeze(logOf(org, log), "because");
}

describe("A legal hold", () => {
  it("holds in the log that succeeds, until it is released there", async () => {
    const org = await makeOrg();
    const placed = await call("POST", `/v1/orgs/${org}/audit/holds`, { body: REASON });
    const { id } = await placed.json<{ id: string }>();
    await freeze(org);
    await requireStatus(200, recover(org));
    expect((await statusOf(org)).holds).toBe(1);
    const [first] = await auditEntries(org, "?action=ledger.succeeded");
    expect(first?.event.details).toMatchObject({ holds: id });
    await requireStatus(204, call("DELETE", `/v1/orgs/${org}/audit/holds/${id}`));
    expect((await statusOf(org)).holds).toBe(0);
  });

  it("is in force before an entry says so, though the recovery dies in between", async () => {
    const org = await makeOrg();
    await requireStatus(201, call("POST", `/v1/orgs/${org}/audit/holds`, { body: REASON }));
    await freeze(org);
    vi.spyOn(Ledger.prototype, "adoptHolds").mockImplementationOnce(() => {
      throw new Error("died");
    });
    expect((await recover(org)).status).toBe(500);
    expect((await ledgerOf(logOf(org, 2)).status())?.treeSize ?? 0).toBe(0);
    await requireStatus(200, recover(org));
    expect((await statusOf(org)).holds).toBe(1);
  });

  it("is adopted with 999 others: as many as may be in force fit the entry that names them", async () => {
    const org = await makeOrg();
    const ids = await holdTimes(logOf(org), 1_000);
    await freeze(org);
    await requireStatus(200, recover(org, { reason: "ü".repeat(1_024) }));
    expect((await statusOf(org)).holds).toBe(1_000);
    const [first] = await auditEntries(org, "?action=ledger.succeeded");
    expect(String(first?.event.details?.["holds"]).split(" ").sort()).toEqual(ids.sort());
  });

  it("too many keeps the log from being ended, not only from being succeeded", async () => {
    const org = await makeOrg();
    await holdTimes(logOf(org), 1_800);
    await freeze(org);
    expect((await recover(org)).status).toBe(500);
    expect(await statusOf(org)).toMatchObject({ log: 1, successor: null, holds: 1_800 });
  });

  it.each([
    ["released", "UPDATE holds SET released_at_ms = 1, released_by = 'user:mallory'"],
    ["gone", "DELETE FROM holds"],
  ])(
    "that somebody made look %s on the disk holds in the successor, with what its entry says",
    async (_, query) => {
      const org = await makeOrg();
      const placed = await call("POST", `/v1/orgs/${org}/audit/holds`, { body: REASON });
      const hold = await placed.json<{ id: string }>();
      await doctor(logOf(org), (sql) => void sql.exec(query));
      await freeze(org);
      await requireStatus(200, recover(org, { reason: "Tampered with." }));
      expect((await auditJson<{ holds: unknown[] }>(org, "/holds")).holds).toEqual([hold]);
      const [first] = await auditEntries(org, "?action=ledger.succeeded");
      expect(first?.event.details).toMatchObject({ holds: hold.id });
      await freeze(org, 2);
      await doctor(logOf(org, 2), (sql) => void sql.exec(query));
      await requireStatus(200, recover(org));
      expect(await statusOf(org)).toMatchObject({ log: 3, holds: 1 });
    },
  );

  it("that was put into the table holds too, up to 1,000 with those that entries tell of", async () => {
    const org = await makeOrg();
    const [id] = await holdTimes(logOf(org), 1);
    const forged = `INSERT INTO holds (id, reason, placed_by, placed_at_ms)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
      SELECT printf('%036d', i), 'x', 'user:mallory', 1 FROM n`;
    await doctor(logOf(org), (sql) => void sql.exec(forged));
    await freeze(org);
    await requireStatus(200, recover(org));
    expect((await statusOf(org)).holds).toBe(1_000);
    const [first] = await auditEntries(org, "?action=ledger.succeeded");
    expect(first?.event.details).toMatchObject({ holds_left_out: "1001" });
    expect(first?.event.details?.["holds"]).toContain(id);
  });

  it("whose placing was altered holds, and whose release was altered holds again", async () => {
    const org = await makeOrg();
    const [placed, released] = await holdTimes(logOf(org), 2);
    await ledgerOf(logOf(org)).releaseHold(logOf(org), holdEvent("released", released!), released!);
    await doctor(logOf(org), (sql) => {
      sql.exec("DELETE FROM holds");
      const altered =
        "UPDATE entries SET body = replace(body, 'alice', 'mallory') WHERE action LIKE ?";
      sql.exec(altered, "operator.hold.%");
    });
    await freeze(org);
    await requireStatus(200, recover(org));
    const { holds } = await auditJson<{ holds: { id: string }[] }>(org, "/holds");
    expect(holds.map(({ id }) => id).sort()).toEqual([placed, released].sort());
  });
});
