/** Entries altered, removed, moved, put in: what stands in a row, or whether it stands there. */
import {
  type Attack,
  BUNDLED,
  changed,
  hidden,
  LAST_BUNDLE,
  onEntries,
  onLedger,
} from "./attack-kit.ts";
import { SIGNED } from "./attack-site.ts";
import { changedAt, edited, rehashed, type StoredEntry } from "./tamper.ts";

const EDITS: readonly Attack[] = (
  [
    ["actor", "user:mallory"],
    ["action", "tool.call.completed2"],
    ["outcome", "deferred"],
    ["target", "tool://other/tool"],
    ["details", { forged: "yes" }],
    ["event_id", "00000000-0000-7000-8000-000000000000"],
    ["recorded_by", "service:mallory"],
    ["occurred_at", "2020-01-01T00:00:00.000Z"],
  ] as const
).map(([member, value]) => ({
  name: `edit ${member} of an entry`,
  tamper: onEntries((all) => changedAt(all, BUNDLED, (entry) => edited(entry, member, value))),
  found: { reading: changed(BUNDLED), proofOf: BUNDLED },
}));

const MORE_EDITS: readonly Attack[] = [
  {
    name: "edit recorded_at of an entry, back in time",
    tamper: onEntries((all) =>
      changedAt(all, BUNDLED, (entry) => edited(entry, "recorded_at", "2020-01-01T00:00:00.000Z")),
    ),
    found: { reading: changed(BUNDLED), proofOf: BUNDLED },
  },
  {
    name: "edit org of an entry",
    tamper: onEntries((all) => changedAt(all, BUNDLED, (entry) => edited(entry, "org", "other"))),
    found: { reading: changed(BUNDLED), proofOf: BUNDLED },
  },
  {
    name: "edit white space of an entry alone",
    tamper: onEntries((all) =>
      changedAt(all, BUNDLED, (entry) => ({ ...entry, body: entry.body.replace(":", ": ") })),
    ),
    found: { reading: changed(BUNDLED), proofOf: BUNDLED },
  },
  {
    name: "edit the first entry",
    tamper: onEntries((all) => changedAt(all, 0, hidden)),
    found: { reading: changed(0), proofOf: 0 },
  },
  {
    name: "edit the last signed entry",
    tamper: onEntries((all) => changedAt(all, SIGNED - 1, hidden)),
    found: { reading: changed(SIGNED - 1), proofOf: SIGNED - 1 },
  },
  {
    name: "edit an entry and recompute its hash and leaf",
    tamper: onEntries((all) => changedAt(all, BUNDLED, (entry) => rehashed(hidden(entry)))),
    found: { reading: /^entry 301 does not follow entry 300$/, proofOf: BUNDLED },
  },
  {
    name: "the same in the last bundle",
    tamper: onEntries((all) => changedAt(all, LAST_BUNDLE, (entry) => rehashed(hidden(entry)))),
    found: { reading: /^entry 601 does not follow entry 600$/, proofOf: LAST_BUNDLE },
  },
  {
    name: "swap the bodies of two entries",
    tamper: onEntries((all) => swapped(all, BUNDLED, BUNDLED + 3, ({ body }) => ({ body }))),
    found: { reading: changed(BUNDLED), proofOf: BUNDLED },
  },
  {
    name: "swap two entries with their hashes",
    tamper: onEntries((all) =>
      swapped(all, LAST_BUNDLE, LAST_BUNDLE + 1, ({ body, hash, leaf }) => ({ body, hash, leaf })),
    ),
    found: { reading: changed(LAST_BUNDLE), proofOf: LAST_BUNDLE },
  },
];

function swapped(
  all: readonly StoredEntry[],
  left: number,
  right: number,
  parts: (entry: StoredEntry) => Partial<StoredEntry>,
): StoredEntry[] {
  const [first, second] = [all[left]!, all[right]!];
  const one = changedAt(all, left, (entry) => ({ ...entry, ...parts(second) }));
  return changedAt(one, right, (entry) => ({ ...entry, ...parts(first) }));
}

const MISSING: readonly Attack[] = [
  {
    name: "delete the first entries",
    tamper: onLedger((db) => db.run("DELETE FROM entries WHERE seq < 10")),
    found: { reading: /^entry 0 is missing$/, proofOf: 5 },
  },
  {
    name: "delete the first bundle and call it pruned",
    tamper: onLedger((db) => {
      db.run("DELETE FROM entries WHERE seq < 256");
      db.run("UPDATE log SET min_index = 256");
    }),
    found: { verify: { exit: 50, finding: "pruning_not_announced", place: /first 256 entries/ } },
  },
  {
    name: "hide the first bundle without deleting it",
    tamper: onLedger((db) => db.run("UPDATE log SET min_index = 256")),
    // Before it deletes anything the ledger looks for who announced it.
    found: {
      signing: /^no signed entry announced that the entries before 256/,
      verify: { exit: 50, finding: "pruning_not_announced", place: /first 256 entries/ },
    },
  },
  {
    name: "delete entries in the middle",
    tamper: onLedger((db) => db.run("DELETE FROM entries WHERE seq BETWEEN 300 AND 304")),
    found: { reading: /^entry 300 is missing$/, proofOf: 302 },
  },
  {
    name: "delete the last entries, signed ones among them",
    tamper: onLedger((db) => db.run("DELETE FROM entries WHERE seq >= ?", SIGNED - 5)),
    found: { reading: /^entry (69[5-9]|70[0-4]) is missing$/, proofOf: SIGNED - 5 },
  },
  {
    name: "insert an entry",
    tamper: onEntries((all) => {
      const inserted = rehashed(
        edited(all[BUNDLED]!, "event_id", "00000000-0000-7000-8000-000000000001"),
      );
      // Another column than the body, or the UNIQUE index would refuse it.
      const row = { ...inserted, previousHash: new Uint8Array(32).fill(9) };
      return [...all.slice(0, BUNDLED), row, ...all.slice(BUNDLED)];
    }),
    found: {
      reading:
        /^(entry 30\d does not|entry 705 was never|the ledger's first 700 entries are not those)/,
    },
  },
];

export const ENTRY_ATTACKS: readonly Attack[] = [...EDITS, ...MORE_EDITS, ...MISSING];
