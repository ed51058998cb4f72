import { describe, expect, it } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import { ANY_EVENT, type AuditFilter, matchesFilter } from "#audit/entry-filter.ts";
import { readState } from "#audit/ledger/proven/log-state.ts";
import { readScrub, scrubSoon } from "#audit/ledger/proven/scrub.ts";
import { MIGRATIONS } from "#audit/ledger/schema.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { doctor } from "./doctored.ts";
import { migrateFrom } from "./old-ledger.ts";
import { announce, runAlarms, runScrub, termsAt } from "./run-pruning.ts";
import {
  append,
  inLedger,
  ledgerOf,
  makeEvent,
  type makeEvents,
  newLog,
  newLogOf,
  sign,
  storedBodies,
} from "./test-log.ts";

/** The migrations before postings. */
const BEFORE_POSTINGS = 7;
const DAY_MS = 86_400_000;

const FILTERS: Partial<AuditFilter>[] = [
  { action: "plugin.loaded" },
  { action: "tool.call.allowed", actor: "user:rare" },
  { actionPrefix: "plugin." },
  { actionPrefix: "tool.", outcome: "denied" },
  { actor: "user:rare" },
  { instance: "gw-9" },
  { outcome: "denied" },
  { outcome: "allowed", instance: "gw-9" },
  { actor: "user:nobody" },
];

function variedEvents(): ReturnType<typeof makeEvents> {
  return Array.from({ length: 600 }, (_, at) =>
    makeEvent({
      action: at % 50 === 3 ? "plugin.loaded" : "tool.call.allowed",
      actor: at % 90 === 5 ? "user:rare" : "user:alice@acme",
      instance_id: at % 70 === 9 ? "gw-9" : "gw-1",
      outcome: at % 40 === 7 ? "denied" : "allowed",
    }),
  );
}

async function expectAllFound(log: LogAddress): Promise<void> {
  const text = new TextDecoder();
  const events = (await storedBodies(log)).map((body) => JSON.parse(text.decode(body)));
  for (const asked of FILTERS) {
    const filter = { ...ANY_EVENT, ...asked };
    const page = await ledgerOf(log).search(filter, { behind: null, limit: 1_000 });
    const found = page.entries.map(({ seq }) => seq);
    expect(page.end).toBeNull();
    const expected = events.flatMap((event, seq) => (matchesFilter(event, filter) ? [seq] : []));
    expect(found).toEqual(expected.reverse());
  }
}

const postingsOf = (log: LogAddress) =>
  inLedger(log, (sql) =>
    sql
      .exec<{ postings: ArrayBuffer | null }>("SELECT postings FROM bundles ORDER BY idx")
      .toArray()
      .map(({ postings }) => (postings === null ? null : new Uint8Array(postings).join())),
  );

const schemaOf = (log: LogAddress) =>
  inLedger(log, (sql) =>
    sql
      .exec(
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB '_cf_*' ORDER BY type, name",
      )
      .toArray(),
  );

describe("A ledger from before there were postings", () => {
  it("finds all by each filter at once, and has its postings made by a pass, which counts for no damage", async () => {
    const log = await newLog();
    await append(log, variedEvents());
    await sign(log);
    const made = await postingsOf(log);
    await migrateFrom(log, BEFORE_POSTINGS);
    expect(await postingsOf(log)).toEqual([null, null, null]);
    await expectAllFound(log);
    await runScrub(log);
    const { frozenReason, scrub } = (await ledgerOf(log).status())!;
    expect([frozenReason, scrub?.passedSize, scrub?.mendedBundles]).toEqual([null, 600, 0]);
    expect(await postingsOf(log)).toEqual(made);
    await expectAllFound(log);
  });

  it("goes on in a bundle without postings, and in one whose postings a pass has made", async () => {
    const log = await newLog();
    await append(log, variedEvents());
    await migrateFrom(log, BEFORE_POSTINGS);
    await append(log, variedEvents());
    const isMade = (await postingsOf(log)).map((postings) => postings !== null);
    expect(isMade).toEqual([false, false, false, true, true]);
    await expectAllFound(log);
    await runScrub(log);
    expect(await postingsOf(log)).not.toContain(null);
    await append(log, variedEvents());
    await expectAllFound(log);
    await runScrub(log);
    expect((await ledgerOf(log).status())?.scrub?.mendedBundles).toBe(0);
  });

  it("has a pass begin as soon as it starts, whenever the last one was, and from the first bundle on", async () => {
    const log = await newLog();
    await append(log, variedEvents());
    await sign(log);
    await runScrub(log);
    await doctor(log, (sql) => void sql.exec("UPDATE scrub SET size = 600, position = 2"));
    await migrateFrom(log, BEFORE_POSTINGS);
    const begun = await inLedger(log, (sql) => {
      const isDueSoon = scrubSoon(sql, readState(sql)!, Date.now());
      return { isDueSoon, position: readScrub(sql)?.position ?? null, size: readScrub(sql)?.size };
    });
    expect(begun).toEqual({ isDueSoon: true, position: 0, size: null });
  });

  it("knows every action that it has had", async () => {
    const log = await newLog();
    const actions = ["tool.call.allowed", "a", "plugin.loaded", "operator.x", "z.z"];
    await append(
      log,
      actions.map((action) => makeEvent({ action })),
    );
    await migrateFrom(log, BEFORE_POSTINGS);
    const known = await inLedger(log, (sql) => sql.exec("SELECT action FROM actions").toArray());
    expect(known.map(({ action }) => action)).toEqual(actions.toSorted());
  });

  it("has the tables, indexes and triggers of a new one", async () => {
    const [old, fresh] = [await newLogOf(3), await newLogOf(3)];
    for (let count = BEFORE_POSTINGS; count <= MIGRATIONS.length; count += 1) {
      await migrateFrom(old, count);
      expect(await schemaOf(old)).toEqual(await schemaOf(fresh));
    }
  });
});

describe("A ledger of any schema from before there were postings on", () => {
  const counts = Array.from({ length: MIGRATIONS.length - BEFORE_POSTINGS }, (_, at) => [
    BEFORE_POSTINGS + at,
  ]);

  it.each(counts)(
    "of %d migrations, is appended to, searched, exported by time, proven and pruned",
    async (count) => {
      const log = await newLog();
      await append(log, variedEvents());
      await migrateFrom(log, count);
      await append(log, variedEvents());
      await sign(log);
      await expectAllFound(log);
      const time = { from: formatTimestamp(Date.now() - DAY_MS), to: null };
      const range = { from: null, to: null, isPublishedOnly: false, time };
      const event = makeEvent({
        action: "operator.audit.exported",
        instance_id: null,
        details: {},
      });
      const planned = await ledgerOf(log).beginExport(log, event, range);
      expect(planned).toMatchObject({ kind: "export", from: 0, to: 1_200 });
      await runScrub(log);
      const terms = { ...termsAt(Date.now() + DAY_MS, 0), tickMs: Date.now(), overdueBefore: "" };
      expect(await announce(log, terms)).toBe("announced");
      await sign(log);
      await runAlarms(log);
      await append(log, variedEvents());
      await sign(log);
      await runScrub(log);
      const { frozenReason, minIndex, scrub } = (await ledgerOf(log).status())!;
      expect([frozenReason, minIndex, scrub?.mendedBundles]).toEqual([null, 1_024, 0]);
    },
  );
});
