/** Entries altered, removed, moved, put in: what stands in a row, or whether it stands there. */
import {
  type Attack,
  BUNDLED,
  broken,
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
  found: { proofOf: BUNDLED, verify: broken(BUNDLED) },
}));

const MORE_EDITS: readonly Attack[] = [
  {
    name: "edit recorded_at of an entry, back in time",
    tamper: onEntries((all) =>
      changedAt(all, BUNDLED, (entry) => edited(entry, "recorded_at", "2020-01-01T00:00:00.000Z")),
    ),
    found: { proofOf: BUNDLED, verify: broken(BUNDLED, "recorded_at_falls") },
  },
  {
    name: "edit org of an entry",
    tamper: onEntries((all) => changedAt(all, BUNDLED, (entry) => edited(entry, "org", "other"))),
    found: { proofOf: BUNDLED, verify: broken(BUNDLED, "wrong_org") },
  },
  {
    name: "edit white space of an entry alone",
    tamper: onEntries((all) =>
      changedAt(all, BUNDLED, (entry) => ({ ...entry, body: entry.body.replace(":", ": ") })),
    ),
    found: { proofOf: BUNDLED, verify: broken(BUNDLED, "not_canonical") },
  },
  {
    name: "edit the first entry",
    tamper: onEntries((all) => changedAt(all, 0, hidden)),
    found: { proofOf: 0, verify: broken(0) },
  },
  {
    name: "edit the last signed entry",
    tamper: onEntries((all) => changedAt(all, SIGNED - 1, hidden)),
    found: { proofOf: SIGNED - 1, verify: broken(SIGNED - 1, "root_differs") },
  },
  {
    name: "edit an entry and recompute its hash and leaf",
    tamper: onEntries((all) => changedAt(all, BUNDLED, (entry) => rehashed(hidden(entry)))),
    found: { proofOf: BUNDLED, verify: broken(BUNDLED) },
  },
  {
    name: "the same in the last bundle",
    tamper: onEntries((all) => changedAt(all, LAST_BUNDLE, (entry) => rehashed(hidden(entry)))),
    found: {
      signing: /first 700 entries are not those/,
      proofOf: LAST_BUNDLE,
      verify: broken(LAST_BUNDLE),
    },
  },
  {
    name: "swap the bodies of two entries",
    tamper: onEntries((all) => swapped(all, BUNDLED, BUNDLED + 3, ({ body }) => ({ body }))),
    found: { proofOf: BUNDLED, verify: broken(BUNDLED) },
  },
  {
    name: "swap two entries with their hashes",
    tamper: onEntries((all) =>
      swapped(all, LAST_BUNDLE, LAST_BUNDLE + 1, ({ body, hash, leaf }) => ({ body, hash, leaf })),
    ),
    found: { signing: /first 700 entries are not those/, verify: broken(LAST_BUNDLE) },
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
    found: { proofOf: 5, verify: broken(0, "not_the_first_entry") },
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
    found: { verify: { exit: 50, finding: "pruning_not_announced", place: /first 256 entries/ } },
  },
  {
    name: "delete entries in the middle",
    tamper: onLedger((db) => db.run("DELETE FROM entries WHERE seq BETWEEN 300 AND 304")),
    found: { proofOf: 302, verify: broken(299) },
  },
  {
    name: "delete the last entries, signed ones among them",
    tamper: onLedger((db) => db.run("DELETE FROM entries WHERE seq >= ?", SIGNED - 5)),
    found: {
      signing: /holds 69\d entries.*set back/,
      verify: {
        exit: 50,
        finding: "truncated",
        place: /last 5 entries are missing: there are none from 695/,
      },
    },
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
    found: { signing: /first 700 entries are not those/, verify: broken(BUNDLED) },
  },
];

export const ENTRY_ATTACKS: readonly Attack[] = [...EDITS, ...MORE_EDITS, ...MISSING];
