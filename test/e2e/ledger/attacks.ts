/** What an intruder does to the stored log, and what finds it. Sizes are those of attack-site.ts. */

import { SEED_BASE64 } from "../../harness/runtime.ts";
import { ENTRY_ATTACKS } from "./attack-entries.ts";
import {
  type Attack,
  BUNDLED,
  changed,
  hidden,
  onEntries,
  onLedger,
  rewriteFrom,
  UNSIGNED,
} from "./attack-kit.ts";
import { SIGNED, UNSIGNED_TO } from "./attack-site.ts";
import { changedAt, rechained, rehashed, treeRoot } from "./tamper.ts";

const REWRITTEN: readonly Attack[] = [
  {
    name: "rewrite a signed suffix with all hashes, leaves and tiles",
    tamper: rewriteFrom(BUNDLED),
    found: { reading: /first 700 entries are not those/, proofOf: BUNDLED },
  },
  {
    name: "the same but for the tiles",
    tamper: onEntries((all) => rechained(changedAt(all, BUNDLED, hidden), BUNDLED)),
    found: { reading: /first 700 entries are not those/, proofOf: BUNDLED },
  },
  {
    name: "rewrite the last signed entry and what follows it",
    tamper: rewriteFrom(SIGNED - 1),
    found: { reading: /first 700 entries are not those/, proofOf: SIGNED - 1 },
  },
  {
    name: "delete the last unsigned entries, of which D1 was told",
    tamper: onLedger((db) => db.run("DELETE FROM entries WHERE seq >= ?", UNSIGNED_TO - 2)),
    found: { signing: /^entry 70[0-4] is missing$/ },
  },
  {
    name: "edit an unsigned entry",
    tamper: onEntries((all) => changedAt(all, UNSIGNED, hidden)),
    found: { signing: changed(UNSIGNED) },
  },
  {
    name: "edit an unsigned entry and recompute its hash and leaf",
    tamper: onEntries((all) => changedAt(all, UNSIGNED, (entry) => rehashed(hidden(entry)))),
    found: { signing: /^entry 703 does not follow entry 702$/ },
  },
];

const OLDER: readonly Attack[] = [
  {
    name: "restore an older copy of the ledger",
    tamper: ({ site, older }) => site.restore("ledgerFile", older),
    found: {
      signing: /holds 40\d entries.*set back/,
      verify: { exit: 30, finding: "rollback", place: /401 entries.*700/ },
    },
  },
  {
    name: "fork: an older copy of the ledger, grown past the signed size",
    tamper: ({ site, older }) => site.restore("ledgerFile", older),
    appended: 400,
    found: {
      signing: /first 700 entries are not those|holds 401 entries.*set back/,
      verify: { exit: 30, finding: "rollback", place: /401 entries.*700/ },
    },
  },
  {
    name: "restore an older copy of D1",
    tamper: ({ site, older }) => site.restore("signerFile", older),
    found: { signing: /published 700 entries.* 401.*set back/ },
  },
  {
    name: "restore older copies of both",
    tamper: ({ site, older }) => {
      site.restore("ledgerFile", older);
      site.restore("signerFile", older);
    },
    found: { verify: { exit: 30, finding: "rollback", place: /401 entries.*700/ } },
  },
  {
    name: "restore older copies of both, grown past the signed size",
    tamper: ({ site, older }) => {
      site.restore("ledgerFile", older);
      site.restore("signerFile", older);
    },
    appended: 400,
    found: {
      verify: { exit: 30, finding: "rollback", place: /401 entries.*700/ },
      verifyLater: { exit: 30, finding: "rewritten", place: /first 700 entries/ },
    },
  },
  {
    name: "rewrite the ledger and the signed root in D1, to be signed anew",
    tamper: ({ site }) => {
      site.ledger((db) => {
        const forged = rechained(changedAt(db.entries(), BUNDLED, hidden), BUNDLED);
        db.replace(forged);
        db.replaceTiles(forged);
        const root = Buffer.from(treeRoot(forged.slice(0, SIGNED))).toString("base64");
        site.signer({ signed_root: root });
      });
    },
    found: { reading: /first 700 entries are not those/, proofOf: BUNDLED },
  },
];

const SIGNER: readonly Attack[] = [
  {
    name: "change the signed root in D1",
    tamper: ({ site }) => site.signer({ signed_root: Buffer.alloc(32, 1).toString("base64") }),
    found: { signing: /first 700 entries are not those/ },
  },
  {
    name: "thaw a frozen log: an older copy of the ledger, from before",
    tamper: ({ site }) =>
      site.signer({ frozen_reason: "it was frozen before", sign_after_ms: null }),
    found: { signing: /it was frozen before/ },
  },
  {
    name: "list a key of one's own in D1",
    tamper: ({ site, foreignVkey }) =>
      site.signer({
        keys: JSON.stringify([{ vkey: foreignVkey, fromSize: 0, toSize: null, checkpoint: null }]),
      }),
    found: { signing: "refused" },
  },
  {
    name: "serve a checkpoint of a key of one's own",
    tamper: ({ site, foreignNote }) =>
      site.ledger((db) => db.run("UPDATE log SET checkpoint = ?", foreignNote)),
    found: { verify: { exit: 40, finding: "unknown_signer" } },
  },
  {
    name: "another seed for the signing key",
    tamper: () => undefined,
    settings: { MCPG_LEDGER_SEED: Buffer.from(SEED_BASE64, "base64").fill(9).toString("base64") },
    found: { signing: "refused" },
  },
  {
    name: "another origin",
    tamper: () => undefined,
    settings: { MCPG_ORIGIN: "other.example" },
    found: { signing: "refused", verify: { exit: 40, finding: "wrong_origin", isStateless: true } },
  },
  {
    name: "alter a leaf hash in a tile",
    tamper: onLedger((db) => db.flipTile(0, 1, BUNDLED + 1 - 256)),
    found: { reading: changed(BUNDLED + 1), proofOf: BUNDLED },
  },
  {
    name: "alter a hash in an upper tile",
    tamper: onLedger((db) => db.flipTile(1, 0, 0)),
    found: { reading: /first 700 entries are not those/, proofOf: BUNDLED },
  },
];

export const ATTACKS: readonly Attack[] = [...ENTRY_ATTACKS, ...REWRITTEN, ...OLDER, ...SIGNER];

/** What is not promised: a receipt that no signed head covers proves nothing yet. */
export const UNPROMISED: readonly Omit<Attack, "found">[] = [
  { name: "rewrite the unsigned entries with all hashes", tamper: rewriteFrom(SIGNED + 1) },
  {
    name: "delete the last unsigned entries, and what D1 was told of them",
    tamper: ({ site }) => {
      site.ledger((db) => {
        db.run("DELETE FROM entries WHERE seq >= ?", UNSIGNED_TO - 2);
        db.run("UPDATE log SET tree_size = ?1, told_size = ?1", UNSIGNED_TO - 2);
      });
      site.signer({ tree_size: UNSIGNED_TO - 2 });
    },
  },
];
