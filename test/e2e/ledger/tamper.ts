/**
 * An intruder with the database files of a stopped runtime: no trigger holds, every hash can be
 * computed anew. Only the signing key and what others keep is out of reach.
 */
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type CanonicalObject, canonicalJson } from "#formats/canonical-json.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";

export interface StoredEntry {
  body: string;
  hash: Uint8Array;
  previousHash: Uint8Array;
  leaf: Uint8Array;
}

/** The files of one runtime's folder. */
export class Site {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get ledgerFile(): string {
    return this.#find("do/-Ledger", "SELECT 1 FROM log");
  }

  get signerFile(): string {
    return this.#find("d1/miniflare-D1DatabaseObject", "SELECT 1 FROM audit_logs");
  }

  ledger(change: (db: LedgerFile) => void): void {
    withDatabase(this.ledgerFile, (db) => change(new LedgerFile(db)));
  }

  /** As if a pass of the scrubber had just begun: whoever reads or signs is to find the change, and no luck. */
  rest(): void {
    withDatabase(this.ledgerFile, (db) => {
      const row = "INSERT OR REPLACE INTO scrub (id, next_at_ms, started_at_ms) VALUES (1, ?, ?)";
      db.prepare(row).run(Date.now() + 12 * 3_600_000, Date.now());
    });
  }

  /** The signer's one row, which D1 keeps. */
  signer(columns: Record<string, string | number | null>): void {
    withDatabase(this.signerFile, (db) => {
      const names = Object.keys(columns).map((name) => `${name} = ?`);
      db.prepare(`UPDATE audit_logs SET ${names.join()}`).run(...Object.values(columns));
    });
  }

  /** As a backup is put back. */
  restore(kind: "ledgerFile" | "signerFile", older: Site): void {
    const file = this[kind];
    for (const suffix of ["-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
    withDatabase(older[kind], () => undefined);
    copyFileSync(older[kind], file);
  }

  #find(folder: string, query: string): string {
    const path = join(this.folder, "state", folder);
    const found = readdirSync(path)
      .filter((name) => name.endsWith(".sqlite"))
      .map((name) => join(path, name))
      .find((file) => answers(file, query));
    if (found === undefined) throw new Error(`no database in ${path} answers ${query}`);
    return found;
  }
}

function answers(file: string, query: string): boolean {
  const db = new DatabaseSync(file);
  try {
    return db.prepare(query).get() !== undefined;
  } catch {
    return false;
  } finally {
    db.close();
  }
}

/** Closing it brings what was in the write-ahead log into the file. */
function withDatabase(file: string, work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(file);
  try {
    const triggers = db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all();
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    work(db);
  } finally {
    db.close();
  }
  if (existsSync(`${file}-wal`)) throw new Error(`${file} is still open elsewhere`);
}

export class LedgerFile {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  run(query: string, ...values: (string | number | Uint8Array | null)[]): void {
    this.#db.prepare(query).run(...values);
  }

  entries(): StoredEntry[] {
    const query =
      "SELECT body, hash, previous_hash AS previousHash, leaf FROM entries ORDER BY seq";
    return this.#db.prepare(query).all() as unknown as StoredEntry[];
  }

  /** All of them anew, numbered by their place; without `seqs` from 0. */
  replace(entries: readonly StoredEntry[], seqs?: readonly number[]): void {
    this.#db.exec("BEGIN; DELETE FROM entries");
    const insert = this.#db.prepare(
      "INSERT INTO entries (seq, body, hash, previous_hash, leaf) VALUES (?, ?, ?, ?, ?)",
    );
    for (const [at, { body, hash, previousHash, leaf }] of entries.entries()) {
      insert.run(seqs?.[at] ?? at, body, hash, previousHash, leaf);
    }
    this.#db.exec("COMMIT");
  }

  /** The tree of these entries, as the ledger would have stored it. */
  replaceTiles(entries: readonly StoredEntry[]): void {
    this.run("DELETE FROM tiles");
    const roots: Uint8Array[] = [];
    for (let end = TILE_WIDTH; end <= entries.length; end += TILE_WIDTH) {
      const leaves = entries.slice(end - TILE_WIDTH, end).map(({ leaf }) => leaf);
      this.run(
        "INSERT INTO tiles (level, idx, hashes) VALUES (0, ?, ?)",
        roots.length,
        Buffer.concat(leaves),
      );
      roots.push(subtreeRoot(leaves));
    }
    if (roots.length > 0)
      this.run("INSERT INTO tiles (level, idx, hashes) VALUES (1, 0, ?)", Buffer.concat(roots));
  }

  /** One bit of one hash. */
  flipTile(level: number, index: number, hash: number): void {
    const where = "WHERE level = ? AND idx = ?";
    const row = this.#db.prepare(`SELECT hashes FROM tiles ${where}`).get(level, index);
    const hashes = Uint8Array.from(row?.["hashes"] as Uint8Array);
    hashes[hash * 32] = hashes[hash * 32]! ^ 1;
    this.run(`UPDATE tiles SET hashes = ? ${where}`, hashes, level, index);
  }
}

type Member = string | null | Record<string, unknown>;

/** The same entry, of which one member says something else. */
export function edited(entry: StoredEntry, member: string, value: Member): StoredEntry {
  const object = JSON.parse(entry.body) as Record<string, unknown>;
  return { ...entry, body: canonicalJson({ ...object, [member]: value } as CanonicalObject) };
}

/** Its own hashes are right again. */
export function rehashed(entry: StoredEntry): StoredEntry {
  return { ...entry, hash: sha256(entry.body), leaf: sha256("\0", entry.body) };
}

/** From `first` on, each names the one before it anew. */
export function rechained(entries: readonly StoredEntry[], first: number): StoredEntry[] {
  const chained = [...entries];
  for (let at = first; at < chained.length; at += 1) {
    const previousHash = at === 0 ? new Uint8Array(32) : chained[at - 1]!.hash;
    const named = edited(chained[at]!, "previous_hash", Buffer.from(previousHash).toString("hex"));
    chained[at] = rehashed({ ...named, previousHash });
  }
  return chained;
}

export function changedAt(
  entries: readonly StoredEntry[],
  seq: number,
  change: (entry: StoredEntry) => StoredEntry,
): StoredEntry[] {
  return entries.map((entry, at) => (at === seq ? change(entry) : entry));
}

function subtreeRoot(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 1) return hashes[0]!;
  const half = hashes.length / 2;
  return sha256("\x01", subtreeRoot(hashes.slice(0, half)), subtreeRoot(hashes.slice(half)));
}

export function treeRoot(entries: readonly StoredEntry[]): Uint8Array {
  const size = entries.length;
  const whole = 2 ** Math.floor(Math.log2(size));
  if (whole === size) return subtreeRoot(entries.map(({ leaf }) => leaf));
  return sha256("\x01", treeRoot(entries.slice(0, whole)), treeRoot(entries.slice(whole)));
}

function sha256(...parts: (string | Uint8Array)[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
