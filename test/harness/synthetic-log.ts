/** An audit log made of the spec alone: honest, or whatever a test makes of it. */
import { encodeBase64 } from "#formats/base64.ts";
import { type CanonicalObject, canonicalJson } from "#formats/canonical-json.ts";
import { publicKeyOf } from "#formats/ed25519.ts";
import { encodeHex } from "#formats/hex.ts";
import { entryHash, GENESIS_HASH } from "#formats/ledger/entry.ts";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { sha256 } from "#formats/sha256.ts";
import { formatCheckpoint } from "#formats/tlog/checkpoint.ts";
import { leafHash, nodeHash } from "#formats/tlog/merkle-hash.ts";
import { consistencyProof, type NodeReader, treeRoot } from "#formats/tlog/merkle-proof.ts";
import { peakNodes } from "#formats/tlog/merkle-shape.ts";
import { formatVkey, verifierKey } from "#formats/tlog/note-key.ts";
import { formatNote, signNote } from "#formats/tlog/signed-note.ts";

export interface SyntheticKey {
  seed: Uint8Array;
  fromSize: number;
  toSize: number | null;
}

/** 2026-11-20T00:00:00Z; entries are a second apart. */
const START_MS = 1_795_132_800_000;
const OUTCOMES = ["allowed", "denied", "deferred", "error"];
const ACTORS = ["user:alice@acme", "user:bjørn@acme", "service:gw-1", "agent:\u{1f916}"];

const utf8 = new TextEncoder();

/** Members of an entry as a gateway would report it; the same for the same index. */
export function eventAt(seq: number, org: string, startMs = START_MS): Record<string, unknown> {
  const id = encodeHex(sha256(utf8.encode(`${org}/${seq}`)));
  return {
    action: seq % 7 === 0 ? "tool.call.denied" : "tool.call.allowed",
    actor: ACTORS[seq % ACTORS.length],
    details:
      seq % 3 === 0 ? { policy: `rule "${seq}"\n`, cached: seq % 2 === 0, note: null } : null,
    event_id: `${id.slice(0, 8)}-${id.slice(8, 12)}-7${id.slice(13, 16)}-8${id.slice(17, 20)}-${id.slice(20, 32)}`,
    instance_id: "gw-1",
    invocation_id: null,
    occurred_at: formatTimestamp(startMs + seq * 1_000 - 40),
    org,
    outcome: OUTCOMES[seq % OUTCOMES.length],
    recorded_at: formatTimestamp(startMs + seq * 1_000),
    recorded_by: "service:gateways",
    request_id: `req-${seq}`,
    target: "tool://github/list_repos",
    trace_id: id.slice(32),
    workspace: "prod",
  };
}

export function entryBytes(members: Record<string, unknown>, previousHash: string): Uint8Array {
  const entry = { ...members, previous_hash: previousHash } as CanonicalObject;
  return utf8.encode(canonicalJson(entry));
}

export function seedOf(name: string): Uint8Array {
  return sha256(utf8.encode(name));
}

export class SyntheticLog {
  readonly org: string;
  readonly origin: string;
  readonly startMs: number;
  readonly entries: Uint8Array[] = [];
  readonly keys: SyntheticKey[];
  /** By size. */
  readonly checkpoints = new Map<number, string>();
  minimumIndex = 0;
  checkpoint: string | null = null;
  size = 0;
  #nodes = new Map<string, Uint8Array>();
  #nextSeed: Uint8Array | null = null;

  constructor({ org = "acme", log = "log", key = "first", startMs = START_MS } = {}) {
    this.org = org;
    this.origin = `mcpg.local/v1/orgs/${org}/audit/${log}`;
    this.startMs = startMs;
    this.keys = [{ seed: seedOf(key), fromSize: 0, toSize: null }];
  }

  get headHash(): string {
    const last = this.entries.at(-1);
    return last === undefined ? GENESIS_HASH : entryHash(last);
  }

  append(count: number, members: Record<string, unknown> = {}): this {
    for (let at = 0; at < count; at += 1) {
      const event = { ...eventAt(this.entries.length, this.org, this.startMs), ...members };
      this.entries.push(entryBytes(event, this.headHash));
    }
    return this;
  }

  own(action: string, details: CanonicalObject, recordedAt?: string): this {
    const time = recordedAt === undefined ? {} : { recorded_at: recordedAt };
    return this.append(1, { action, details, actor: "ledger", recorded_by: "ledger", ...time });
  }

  /** Takes over with the next checkpoint. */
  announceKey(name: string): this {
    this.#nextSeed = seedOf(name);
    const epoch = String(this.keys.length + 1);
    return this.own("ledger.key_rotated", { epoch, vkey: this.vkeyOf(this.#nextSeed) });
  }

  announcePruning(to: number, changes: CanonicalObject = {}, recordedAt?: string): this {
    const details = {
      from: String(this.minimumIndex),
      to: String(to),
      last_hash: entryHash(this.entries[to - 1]!),
      tree_root: encodeHex(this.rootAt(to)),
      retention_days: "0",
      ...changes,
    };
    return this.own("ledger.pruned", details, recordedAt);
  }

  /** An unchanged head is not signed anew. */
  sign(): this {
    const size = this.entries.length;
    if (this.checkpoint !== null && size === this.size) return this;
    const current = this.keys.at(-1)!;
    const seeds = [current.seed, ...(this.#nextSeed === null ? [] : [this.#nextSeed])];
    this.checkpoint = this.signedBy(size, seeds);
    this.size = size;
    this.checkpoints.set(size, this.checkpoint);
    if (this.#nextSeed === null) return this;
    current.toSize = size;
    this.keys.push({ seed: this.#nextSeed, fromSize: size, toSize: null });
    this.#nextSeed = null;
    return this;
  }

  signedBy(size: number, seeds: readonly Uint8Array[], origin = this.origin): string {
    const text = formatCheckpoint({ origin, size, root: this.rootAt(size) });
    return formatNote(
      text,
      seeds.map((seed) => signNote(text, { name: this.origin, seed })),
    );
  }

  get vkey(): string {
    return this.vkeyOf(this.keys[0]!.seed);
  }

  get newestVkey(): string {
    return this.vkeyOf(this.keys.at(-1)!.seed);
  }

  vkeyOf(seed: Uint8Array): string {
    return formatVkey(verifierKey(this.origin, publicKeyOf(seed)));
  }

  keysJson(): string {
    const keys = this.keys.map(({ seed, fromSize, toSize }) => ({
      vkey: this.vkeyOf(seed),
      from_size: fromSize,
      to_size: toSize,
    }));
    return JSON.stringify({ keys });
  }

  /** Of the keys that were rotated out before the head. */
  get cutoverSizes(): number[] {
    return this.keys.flatMap(({ toSize }) =>
      toSize === null || toSize > this.size ? [] : [toSize],
    );
  }

  readonly node: NodeReader = (level, index) => {
    const key = `${level}/${index}`;
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const hash =
      level === 0
        ? leafHash(this.entries[index]!)
        : nodeHash(this.node(level - 1, 2 * index), this.node(level - 1, 2 * index + 1));
    this.#nodes.set(key, hash);
    return hash;
  };

  rootAt(size: number): Uint8Array {
    return treeRoot(size, this.node);
  }

  peaks(size: number): Uint8Array[] {
    return peakNodes(size).map(({ level, index }) => this.node(level, index));
  }

  consistency(oldSize: number, newSize: number): Uint8Array[] {
    return consistencyProof(oldSize, newSize, this.node);
  }

  /** The same log up to `seq`, from there on with other entries, hashes recomputed; unsigned. */
  rewritten(seq: number, members: Record<string, unknown>): SyntheticLog {
    const other = new SyntheticLog({ org: this.org, startMs: this.startMs });
    other.keys.splice(0, 1, ...this.keys.map((key) => ({ ...key })));
    other.minimumIndex = this.minimumIndex;
    for (const [at, bytes] of this.entries.entries()) {
      const event = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
      const changed = at === seq ? { ...event, ...members } : event;
      other.entries.push(entryBytes(changed, other.headHash));
    }
    return other;
  }
}

export function hashLines(hashes: readonly Uint8Array[]): string {
  return hashes.map((hash) => `${encodeBase64(hash)}\n`).join("");
}
