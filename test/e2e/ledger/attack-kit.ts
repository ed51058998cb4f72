/** How attacks are written down: what is done to the files, and what has to find it. */
import { SIGNED, type Sites } from "./attack-site.ts";
import { changedAt, edited, type LedgerFile, rechained, type StoredEntry } from "./tamper.ts";

export interface Found {
  /** Whoever reads: `verify` is refused what cannot be proven, and the log is frozen for this reason. */
  reading?: RegExp;
  /** The next signature: the log freezes, with this reason; or is refused without. */
  signing?: RegExp | "refused";
  /** Of which no proof is given any more. */
  proofOf?: number;
  /** By `verify` with the pinned key and the state of an honest run: the code of a finding, and its place. */
  verify?: { exit: number; finding: string; place?: number | RegExp; isStateless?: true };
  /** The same after what follows, signed by the service itself. */
  verifyLater?: Found["verify"];
}

export interface Attack {
  name: string;
  tamper: (sites: Sites) => void;
  settings?: Record<string, string>;
  /** Entries that honest clients append after it, before anything is looked at. */
  appended?: number;
  found: Found;
}

type Rewrite = (entries: StoredEntry[]) => StoredEntry[];

/** Of the entries alone: the tiles stay. */
export const onEntries = (rewrite: Rewrite) => onLedger((db) => db.replace(rewrite(db.entries())));

export const onLedger =
  (change: (db: LedgerFile) => void) =>
  ({ site }: Sites): void =>
    site.ledger(change);

/** Entries, chain and tiles, from `first` on. */
export const rewriteFrom = (first: number) =>
  onLedger((db) => {
    const forged = rechained(changedAt(db.entries(), first, hidden), first);
    db.replace(forged);
    db.replaceTiles(forged);
  });

export const hidden = (entry: StoredEntry) => edited(entry, "actor", "user:mallory");

/** In a full bundle, whose leaves are in a tile; in the last one; and not signed. */
export const [BUNDLED, LAST_BUNDLE, UNSIGNED] = [300, 600, SIGNED + 2];

export const changed = (seq: number) =>
  new RegExp(`^entry ${seq} does not hash to what was recorded$`);
