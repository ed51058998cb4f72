/** The merged runs as a slice of the scrubber holds them to their entries: puts in what a search would not find. */
import { findsRecord, packRecords, partOf, recordsOf } from "./id-runs.ts";
import { partOfValue } from "./posting-runs.ts";
import {
  addPlaces,
  findPlaces,
  holdsPlaces,
  type Posting,
  packPostings,
  placesOf,
  readPostings,
  writePosting,
} from "./postings.ts";
import { RunParts } from "./run-parts.ts";

export class MergedRuns {
  readonly #ids: RunParts;
  readonly #postings: RunParts;

  constructor(sql: SqlStorage) {
    this.#ids = new RunParts(sql, "id_runs");
    this.#postings = new RunParts(sql, "posting_runs");
  }

  /** Returns how much that was. */
  mendIds(run: number, records: readonly number[]): number {
    const lost = records.filter(
      (record) => !findsRecord(this.#ids.read(run, partOf(record)), record),
    );
    for (const [part, records] of Map.groupBy(lost, partOf)) {
      const kept = recordsOf(this.#ids.read(run, part));
      const all = Float64Array.from(new Set([...kept, ...records])).sort();
      this.#ids.write(run, part, packRecords(all));
    }
    return lost.length;
  }

  mendPostings(run: number, postings: readonly Posting[]): number {
    const lost = postings.filter((posting) => !this.#holds(run, posting));
    for (const [part, added] of Map.groupBy(lost, (posting) => partOfValue(posting.fingerprint))) {
      const kept = this.#postings.read(run, part);
      const together = added.map((posting) => joined(kept, posting));
      const others = readPostings(kept).filter((one) => !added.some((lost) => isSame(lost, one)));
      this.#postings.write(run, part, packPostings([...others, ...together]));
    }
    return lost.length;
  }

  #holds(run: number, { fingerprint, bundle, bytes }: Posting): boolean {
    const part = this.#postings.read(run, partOfValue(fingerprint));
    const places = findPlaces(part, new Set([fingerprint])).get(bundle);
    return places !== undefined && holdsPlaces(places, placesOf(bytes));
  }
}

function isSame(one: Posting, other: Posting): boolean {
  return one.fingerprint === other.fingerprint && one.bundle === other.bundle;
}

/** With what a search finds of it. */
function joined(kept: Uint8Array, { fingerprint, bundle, bytes }: Posting): Posting {
  const places = placesOf(bytes);
  const before = findPlaces(kept, new Set([fingerprint])).get(bundle);
  if (before !== undefined) addPlaces(places, before);
  return writePosting(fingerprint, bundle, places);
}
