/** Counts the rows that D1 says it read and wrote: they are the bill. */
import { countedDatabase } from "./counted-d1.ts";

export class BilledRows {
  #read = 0;
  #written = 0;

  /** The counts since the last call. */
  take(): { rowsRead: number; rowsWritten: number } {
    const counts = { rowsRead: this.#read, rowsWritten: this.#written };
    this.#read = 0;
    this.#written = 0;
    return counts;
  }

  counting(db: D1Database): D1Database {
    return countedDatabase(db, (_, { rows_read, rows_written }) => {
      this.#read += rows_read;
      this.#written += rows_written;
    });
  }
}
