/** The bundles of a slice of the scrubber: each is proven, and what is kept of it held to it. */
import type { AuditEvent } from "#audit/audit-event.ts";
import {
  type CheckedEntries,
  type CheckedEntry,
  checkedEntries,
} from "#audit/ledger/proven/checked-entries.ts";
import type { LogState } from "#audit/ledger/proven/log-state.ts";
import { ProvenTree } from "#audit/ledger/proven/proven-tree.ts";
import { treeNodes } from "#audit/ledger/proven/tree.ts";
import { mendBundle } from "#audit/ledger/sketches/mend-bundle.ts";
import { MergedRuns } from "#audit/ledger/sketches/merged-runs.ts";
import { treeRoot } from "#formats/tlog/merkle-proof.ts";
import { TILE_WIDTH } from "#formats/tlog/tlog-tiles.ts";
import type { BundledEntry } from "./bundles.ts";

const TILE_HASHES = TILE_WIDTH - 1;
const ENTRY_HASHES = 2;
/** Characters that take as long as the call of a hash. */
const HASH_CHARACTERS = 1_000;

const utf8 = new TextEncoder();

export class ScrubWalk {
  readonly #sql: SqlStorage;
  readonly #state: LogState;
  readonly #checked: CheckedEntries;
  readonly #runs: MergedRuns;
  #whole: ProvenTree | null = null;

  constructor(sql: SqlStorage, state: LogState) {
    this.#sql = sql;
    this.#state = state;
    this.#checked = checkedEntries(sql, state);
    this.#runs = new MergedRuns(sql);
  }

  /** Throws LogContradiction. `hashes` is what it took. */
  prove(index: number): { hashes: number; entries: BundledEntry[] } {
    const first = index * TILE_WIDTH;
    const entries: BundledEntry[] = [];
    let hashes = TILE_HASHES;
    for (const entry of this.#checked.range(first, first + TILE_WIDTH)) {
      hashes += ENTRY_HASHES + entry.body.length / HASH_CHARACTERS;
      entries.push(bundledEntry(entry));
    }
    this.#proveTile(index);
    return { hashes, entries };
  }

  mend(index: number, entries: readonly BundledEntry[]): boolean {
    return mendBundle(this.#sql, this.#state, this.#runs, { index, entries });
  }

  /** Where all of it is pruned no entry asked for the tile, nor where it is full and not signed yet. */
  #proveTile(index: number): void {
    const { treeSize } = this.#state;
    const { tree } = this.#checked;
    if (tree !== null && (index + 1) * TILE_WIDTH <= tree.size) tree.hashes(0, index);
    else if ((index + 1) * TILE_WIDTH <= treeSize) this.#wholeTree().hashes(0, index);
  }

  /** Up to the last entry: what is not signed yet is made of the tiles as they are. */
  #wholeTree(): ProvenTree {
    const { treeSize: size } = this.#state;
    this.#whole ??= new ProvenTree(this.#sql, {
      size,
      root: treeRoot(size, treeNodes(this.#sql)),
    });
    return this.#whole;
  }
}

function bundledEntry({ seq, body }: CheckedEntry): BundledEntry {
  const event = JSON.parse(body) as AuditEvent & { recorded_at: string };
  return {
    seq,
    time: event.occurred_at ?? event.recorded_at,
    byteLength: utf8.encode(body).length,
    requestId: event.request_id,
    traceId: event.trace_id,
    invocationId: event.invocation_id,
    action: event.action,
    actor: event.actor,
    instance: event.instance_id,
    outcome: event.outcome,
  };
}
