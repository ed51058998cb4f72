/**
 * An intruder with the object's database: the triggers that are in the way are dropped, then put back. Nothing of
 * what is signed can be made to fit.
 */
import type { LogAddress } from "#audit/audit-log.ts";
import { decodeHex, encodeHex } from "#formats/hex.ts";
import { sha256 } from "#formats/sha256.ts";
import { leafHash } from "#formats/tlog/merkle-hash.ts";
import { inLedger } from "./test-log.ts";

const utf8 = new TextEncoder();

export function doctor(log: LogAddress, work: (sql: SqlStorage) => void): Promise<void> {
  return inLedger(log, (sql) => {
    const query = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";
    const triggers = sql.exec<{ name: string; sql: string }>(query).toArray();
    for (const { name } of triggers) sql.exec(`DROP TRIGGER ${name}`);
    work(sql);
    for (const trigger of triggers) sql.exec(trigger.sql);
  });
}

export const FORGED_ACTOR = "user:mallory";

function forgedBody(sql: SqlStorage, seq: number): string {
  const query = "SELECT body FROM entries WHERE seq = ?";
  return sql.exec<{ body: string }>(query, seq).one().body.replace("user:alice@acme", FORGED_ACTOR);
}

export type Fit = "body" | "hash" | "leaf";

/** Another body under the same number, and as many of its hashes made to fit. */
export function changeEntry(sql: SqlStorage, seq: number, fit: Fit): void {
  const body = forgedBody(sql, seq);
  const bytes = utf8.encode(body);
  sql.exec("UPDATE entries SET body = ? WHERE seq = ?", body, seq);
  if (fit !== "body") sql.exec("UPDATE entries SET hash = ? WHERE seq = ?", sha256(bytes), seq);
  if (fit === "leaf") sql.exec("UPDATE entries SET leaf = ? WHERE seq = ?", leafHash(bytes), seq);
}

/** From there on each entry names the one before anew, with all of its own hashes. */
export function relink(sql: SqlStorage, first: number): void {
  changeEntry(sql, first, "leaf");
  let previous = hashOf(sql, first);
  const rows = sql
    .exec<{ seq: number; body: string }>(
      "SELECT seq, body FROM entries WHERE seq > ? ORDER BY seq",
      first,
    )
    .toArray();
  for (const { seq, body } of rows) {
    const named = `"previous_hash":"${encodeHex(previous)}"`;
    const linked = body.replace(/"previous_hash":"[0-9a-f]{64}"/, named);
    const bytes = utf8.encode(linked);
    sql.exec(
      "UPDATE entries SET body = ?, hash = ?, previous_hash = ?, leaf = ? WHERE seq = ?",
      linked,
      sha256(bytes),
      previous,
      leafHash(bytes),
      seq,
    );
    previous = sha256(bytes);
  }
}

function hashOf(sql: SqlStorage, seq: number): Uint8Array {
  const { hash } = sql
    .exec<{ hash: ArrayBuffer }>("SELECT hash FROM entries WHERE seq = ?", seq)
    .one();
  return new Uint8Array(hash);
}

export function flipTile(sql: SqlStorage, level: number, index: number, at: number): void {
  const where = "WHERE level = ? AND idx = ?";
  const { hashes } = sql
    .exec<{ hashes: ArrayBuffer }>(`SELECT hashes FROM tiles ${where}`, level, index)
    .one();
  const bytes = new Uint8Array(hashes);
  bytes[at * 32] = bytes[at * 32]! ^ 1;
  sql.exec(`UPDATE tiles SET hashes = ? ${where}`, bytes, level, index);
}

/** The entry's leaf in its full tile is that of its body of now. */
export function fitTile(sql: SqlStorage, seq: number): void {
  const { leaf } = sql
    .exec<{ leaf: ArrayBuffer }>("SELECT leaf FROM entries WHERE seq = ?", seq)
    .one();
  const index = Math.floor(seq / 256);
  const { hashes } = sql
    .exec<{ hashes: ArrayBuffer }>("SELECT hashes FROM tiles WHERE level = 0 AND idx = ?", index)
    .one();
  const bytes = new Uint8Array(hashes);
  bytes.set(new Uint8Array(leaf), (seq % 256) * 32);
  sql.exec("UPDATE tiles SET hashes = ? WHERE level = 0 AND idx = ?", bytes, index);
}

/** A row between two others: those behind it move up. */
export function insertAt(sql: SqlStorage, seq: number): void {
  const { top } = sql.exec<{ top: number }>("SELECT max(seq) AS top FROM entries").one();
  for (let at = top; at >= seq; at -= 1) {
    sql.exec("UPDATE entries SET seq = ?1 + 1 WHERE seq = ?1", at);
  }
  const body = sql
    .exec<{ body: string }>("SELECT body FROM entries WHERE seq = ?", seq + 1)
    .one()
    .body.replace(/"event_id":"[^"]*"/, `"event_id":"${crypto.randomUUID()}"`)
    .replace("user:alice@acme", FORGED_ACTOR);
  const bytes = utf8.encode(body);
  sql.exec(
    "INSERT INTO entries (seq, body, hash, previous_hash, leaf) VALUES (?, ?, ?, ?, ?)",
    seq,
    body,
    sha256(bytes),
    decodeHex(/"previous_hash":"([0-9a-f]{64})"/.exec(body)?.[1] ?? ""),
    leafHash(bytes),
  );
  sql.exec("UPDATE log SET tree_size = tree_size + 1");
}
