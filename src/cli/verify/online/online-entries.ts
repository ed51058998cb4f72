/** The entries under a log's checkpoint, from its bundles. */

import { MissingEntries, PrunedMeanwhile } from "#cli/verify/no-verdict.ts";
import { type CanonicalObject, canonicalJson } from "#formats/canonical-json.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import type { OnlineLog } from "./online-evidence.ts";
import { readToldStatus } from "./online-status.ts";
import { range, readAhead } from "./read-ahead.ts";

/** How many bundles are under way at once: one of usual entries has 130 KB. */
const BUNDLES_AHEAD = 4;
const ENTRIES_AHEAD = 8;

const utf8 = new TextEncoder();

export class OnlineEntries {
  readonly #log: OnlineLog;

  constructor(log: OnlineLog) {
    this.#log = log;
  }

  async *inOrder(): AsyncGenerator<readonly Uint8Array[]> {
    const { size, status } = this.#log;
    const fromSeq = status.minimumIndex;
    const bundled = Math.ceil(fromSeq / TILE_WIDTH);
    // A bundle of which a part is pruned is not served any more.
    const single = range(fromSeq, Math.min(bundled * TILE_WIDTH, size));
    for await (const entry of readAhead(single, ENTRIES_AHEAD, (seq) => this.#entry(seq))) {
      yield [entry];
    }
    const bundles = range(bundled, Math.ceil(size / TILE_WIDTH));
    yield* readAhead(bundles, BUNDLES_AHEAD, (index) => this.#bundle(index));
  }

  async *oneByOne(): AsyncGenerator<Uint8Array, undefined> {
    for await (const some of this.inOrder()) yield* some;
    return undefined;
  }

  async #bundle(index: number): Promise<readonly Uint8Array[]> {
    const entries = await this.#log.tiles.entries(index);
    return entries ?? this.#gone(`bundle ${index}`);
  }

  async #entry(seq: number): Promise<Uint8Array> {
    const { http, status: state } = this.#log;
    const { status, bytes } = await http.get(`/${seq}?log=${state.log}`);
    if (status === 410) return this.#gone(`entry ${seq}`);
    const event = status === 200 ? entryEvent(bytes) : null;
    if (event === null) throw new MissingEntries(`the server has no entry ${seq}`);
    return entryBytes(event);
  }

  /**
   * Throws for entries that are gone: they were pruned since the start, and then all begins anew, or are
   * not served though the log says that they are there.
   */
  async #gone(what: string): Promise<never> {
    const { http, status } = this.#log;
    const now = await readToldStatus(http, status);
    if (now.minimumIndex > status.minimumIndex) {
      throw new PrunedMeanwhile(`${what} was pruned meanwhile`);
    }
    const message = `the server says that ${what} is pruned, and that the log begins at ${status.minimumIndex}`;
    throw new MissingEntries(message);
  }
}

/** The event in the answer of `GET …/audit/{seq}`. */
export function entryEvent(answer: Uint8Array): CanonicalObject | null {
  try {
    const { event } = JSON.parse(new TextDecoder().decode(answer)) as { event?: CanonicalObject };
    return typeof event === "object" ? event : null;
  } catch {
    return null;
  }
}

/**
 * An event that has no canonical form is handed on in the form it has, to be refused
 * where entries are read.
 */
function entryBytes(event: CanonicalObject): Uint8Array {
  try {
    return utf8.encode(canonicalJson(event));
  } catch {
    return utf8.encode(JSON.stringify(event));
  }
}
