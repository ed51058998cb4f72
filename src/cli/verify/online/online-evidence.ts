/** What a server gives to verify its log by. */

import type { SourceEvidence } from "#cli/verify/log-source.ts";
import {
  type CheckpointNote,
  type ListedKey,
  parseCheckpointNote,
  parseHashLines,
  parseKeyList,
} from "#formats/ledger/evidence.ts";
import type { HttpLog } from "./http-log.ts";
import { entryEvent } from "./online-entries.ts";
import type { ToldStatus } from "./online-status.ts";
import type { TileReader } from "./tile-reader.ts";

export interface OnlineLog {
  readonly http: HttpLog;
  readonly status: ToldStatus;
  /** `/log`, under which its checkpoint and tiles are. */
  readonly path: string;
  /** The checkpoint's note as it came; null if there is none. */
  readonly note: string | null;
  readonly checkpoint: CheckpointNote | null;
  /** The checkpoint's tree size; 0 without a checkpoint. */
  readonly size: number;
  readonly tiles: TileReader;
}

export async function gatherEvidence(
  log: OnlineLog,
  keptSizes: readonly number[],
): Promise<SourceEvidence> {
  const { checkpoint, http, note, size, status } = log;
  const fromSeq = status.minimumIndex;
  const listed = parseKeyList((await http.getText(`/keys?log=${status.log}`)) ?? "");
  const keys = listed ?? [];
  const rotatedAt = rotationSizes(keys, size);
  const cutovers = await readCutovers(log, rotatedAt);
  const prefix = fromSeq <= size ? await log.tiles.peaks(fromSeq) : null;
  const missing = [
    ...(note === null ? ["there is no checkpoint: nothing is signed"] : []),
    ...(prefix === null ? ["the hash tiles of what is pruned are not there"] : []),
  ];
  const damaged = [
    ...(note !== null && checkpoint === null ? ["the checkpoint is malformed"] : []),
    ...(listed === null ? ["the list of keys is malformed"] : []),
    ...[...cutovers].filter(([, cutover]) => cutover === null).map(([at]) => malformedCutover(at)),
  ];
  return {
    missing,
    damaged,
    checkpoint,
    keys,
    cutovers: new Map([...cutovers].flatMap(([at, cutover]) => (cutover ? [[at, cutover]] : []))),
    origin: status.origin,
    fromSeq,
    toSeq: size,
    minimumIndex: fromSeq,
    prefix,
    consistency: null,
    earlierProofs: await readProofs(log, [...keptSizes, ...rotatedAt]),
    unsigned: await readUnsigned(log),
  };
}

/** The sizes at which the log's keys were rotated, up to this head. */
function rotationSizes(keys: readonly ListedKey[], size: number): number[] {
  return keys.map(({ toSize }) => toSize).filter((at) => at !== null && at <= size) as number[];
}

function malformedCutover(size: number): string {
  return `the checkpoint of size ${size}, at which the key was rotated, is malformed`;
}

/** The checkpoints of these sizes that the server has; null for a malformed one. */
async function readCutovers(
  { http, path }: OnlineLog,
  sizes: readonly number[],
): Promise<Map<number, CheckpointNote | null>> {
  const cutovers = new Map<number, CheckpointNote | null>();
  for (const size of sizes) {
    const text = await http.getText(`${path}/checkpoint?size=${size}`);
    if (text !== null) cutovers.set(size, parseCheckpointNote(text));
  }
  return cutovers;
}

/**
 * By old size, consistency proofs of trees whose entries are pruned; the roots of the others are
 * recomputed.
 */
async function readProofs(
  { http, path, size, status }: OnlineLog,
  oldSizes: readonly number[],
): Promise<Map<number, readonly Uint8Array[]>> {
  const proofs = new Map<number, readonly Uint8Array[]>();
  const isPruned = (old: number) => old < status.minimumIndex && old < size;
  for (const old of new Set(oldSizes.filter(isPruned))) {
    const text = await http.getText(`${path}/consistency?old=${old}&new=${size}`);
    const proof = text === null ? null : parseHashLines(text);
    if (proof !== null) proofs.set(old, proof);
  }
  return proofs;
}

async function readUnsigned({
  http,
  size,
  status,
}: OnlineLog): Promise<SourceEvidence["unsigned"]> {
  const count = Math.max(status.treeSize - size, 0);
  if (count === 0) return { count, oldestAt: null };
  const answer = await http.get(`/${size}?log=${status.log}`);
  const recordedAt = answer.status === 200 ? entryEvent(answer.bytes)?.["recorded_at"] : null;
  return { count, oldestAt: typeof recordedAt === "string" ? recordedAt : null };
}
