/** The merged runs of ids (id-runs.ts) as a slice of the scrubber holds them to their entries. */
import { findsRecord, packRecords, partOf, recordsOf } from "./id-runs.ts";

export class MergedRuns {
  readonly #sql: SqlStorage;
  #idx: number | null = null;
  #parts = new Map<number, Uint8Array>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Puts in what a search would not find; returns how much that was. */
  mend(idx: number, records: readonly number[]): number {
    this.#load(idx);
    const lost = records.filter((record) => !findsRecord(this.#part(record), record));
    for (const part of new Set(lost.map(partOf))) {
      this.#write(
        part,
        lost.filter((record) => partOf(record) === part),
      );
    }
    return lost.length;
  }

  /** All of a run's parts at once: the ids of a slice are in nearly all of them. */
  #load(idx: number): void {
    if (this.#idx === idx) return;
    const rows = this.#sql.exec<{ part: number; ids: ArrayBuffer }>(
      "SELECT part, ids FROM id_runs WHERE idx = ?",
      idx,
    );
    this.#parts = new Map([...rows].map(({ part, ids }) => [part, new Uint8Array(ids)]));
    this.#idx = idx;
  }

  #part(record: number): Uint8Array {
    return this.#parts.get(partOf(record)) ?? new Uint8Array(0);
  }

  #write(part: number, lost: readonly number[]): void {
    const kept = recordsOf(this.#parts.get(part) ?? new Uint8Array(0));
    const ids = packRecords(Float64Array.from(new Set([...kept, ...lost])).sort());
    this.#parts.set(part, ids);
    this.#sql.exec(
      `INSERT INTO id_runs (idx, part, ids) VALUES (?, ?, ?)
       ON CONFLICT (idx, part) DO UPDATE SET ids = excluded.ids`,
      this.#idx,
      part,
      ids,
    );
  }
}
