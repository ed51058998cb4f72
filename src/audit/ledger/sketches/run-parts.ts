/** The parts of merged runs (id-runs.ts, posting-runs.ts), as a slice of the scrubber holds them to their entries. */

const COLUMNS = { id_runs: "ids", posting_runs: "postings" } as const;

export class RunParts {
  readonly #sql: SqlStorage;
  readonly #table: keyof typeof COLUMNS;
  #run: number | null = null;
  #parts = new Map<number, Uint8Array>();

  constructor(sql: SqlStorage, table: keyof typeof COLUMNS) {
    this.#sql = sql;
    this.#table = table;
  }

  /** All of a run's parts are read at once: what a slice looks for is in nearly all of them. */
  read(run: number, part: number): Uint8Array {
    if (this.#run !== run) this.#load(run);
    return this.#parts.get(part) ?? new Uint8Array(0);
  }

  write(run: number, part: number, bytes: Uint8Array): void {
    this.#parts.set(part, bytes);
    const column = COLUMNS[this.#table];
    this.#sql.exec(
      `INSERT INTO ${this.#table} (idx, part, ${column}) VALUES (?, ?, ?)
       ON CONFLICT (idx, part) DO UPDATE SET ${column} = excluded.${column}`,
      run,
      part,
      bytes,
    );
  }

  #load(run: number): void {
    const query = `SELECT part, ${COLUMNS[this.#table]} AS bytes FROM ${this.#table} WHERE idx = ?`;
    const rows = this.#sql.exec<{ part: number; bytes: ArrayBuffer }>(query, run);
    this.#parts = new Map([...rows].map(({ part, bytes }) => [part, new Uint8Array(bytes)]));
    this.#run = run;
  }
}
