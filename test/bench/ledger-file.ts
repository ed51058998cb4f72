/** A ledger's database as the runtime keeps it, read beside it: the baseline of what reads. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sha256 } from "#formats/sha256.ts";
import { leafHash } from "#formats/tlog/merkle-hash.ts";

export class LedgerFile {
  readonly #path: string;
  readonly #db: DatabaseSync;

  private constructor(path: string) {
    this.#path = path;
    this.#db = new DatabaseSync(path, { readOnly: true });
  }

  /** Of the ledgers under a runtime's folder. */
  static async largest(folder: string): Promise<LedgerFile> {
    const found = await readdir(folder, { recursive: true });
    const paths = found.filter((path) => /Ledger.*\.sqlite$/.test(path));
    const sized = await Promise.all(
      paths.map(async (path) => ({ path, size: (await stat(join(folder, path))).size })),
    );
    const [largest] = sized.sort((a, b) => b.size - a.size);
    if (largest === undefined) throw new Error(`no ledger under ${folder}`);
    return new LedgerFile(join(folder, largest.path));
  }

  /** Without the write-ahead log, which is emptied now and then. */
  async bytes(): Promise<number> {
    return (await stat(this.#path)).size;
  }

  /** Milliseconds to read a page of actions under a prefix, newest first, in SQL alone: backwards, without an index. */
  searchPrefixMs(prefix: string, before: number, limit: number): number {
    const statement = this.#db.prepare(
      `SELECT seq, hash, previous_hash, body FROM entries
       WHERE seq < ? AND +action >= ? AND +action < ? ORDER BY seq DESC LIMIT ?`,
    );
    const startedAt = performance.now();
    statement.all(before, prefix, `${prefix}\u{10ffff}`, limit);
    return performance.now() - startedAt;
  }

  readBodies(): { bytes: number; elapsedMs: number } {
    const statement = this.#db.prepare("SELECT body FROM entries ORDER BY seq");
    let bytes = 0;
    const startedAt = performance.now();
    for (const { body } of statement.iterate()) bytes += Buffer.byteLength(`${body}\n`);
    return { bytes, elapsedMs: performance.now() - startedAt };
  }

  /** Entries a second that are read and hashed as entry and as leaf, and nothing else. */
  hashRate(): number {
    const statement = this.#db.prepare("SELECT body FROM entries ORDER BY seq");
    let entries = 0;
    const startedAt = performance.now();
    for (const { body } of statement.iterate()) {
      const bytes = Buffer.from(body as string);
      sha256(bytes);
      leafHash(bytes);
      entries += 1;
    }
    return (entries * 1e3) / (performance.now() - startedAt);
  }

  close(): void {
    this.#db.close();
  }
}
