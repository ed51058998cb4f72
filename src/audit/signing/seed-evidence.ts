/**
 * What logs themselves say of a seed, where the directory keeps nothing of it: they were signed before anything was
 * kept. The seed that gives most of their keys is theirs, so that one log which was signed with another by accident
 * stops no other log. If they are as many, that of the log with the most entries is.
 */
import { findLogsOfSeed, type SignedLog } from "#audit/store/ledger-seeds.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import type { Env } from "#platform/env.ts";
import { shardDatabase, shardNames } from "#platform/shards.ts";
import { signerOf, vkeyOf } from "./signing-keys.ts";

/** Of each shard, the largest ones: a key costs half a millisecond, and the accident's logs are the young ones. */
const LOGS_MAX = 64;

export interface SeedEvidence {
  /** The logs say that the seed is another's. */
  isContradicted: boolean;
  /** Those that the seed does not sign, of those that were looked at. */
  disagreeing: SignedLog[];
}

/** The seed of that version is set. */
export async function weighSeed(env: Env, version: number): Promise<SeedEvidence> {
  const found = await Promise.all(
    shardNames(env).map((name) => findLogsOfSeed(shardDatabase(env, name), version, LOGS_MAX)),
  );
  const logs = found.flat().filter(({ vkey }) => parseVkey(vkey) !== null);
  const disagreeing = logs.filter((log) => !givesKey(env, version, log));
  return { isContradicted: isOutweighed(logs, disagreeing), disagreeing };
}

function isOutweighed(logs: readonly SignedLog[], disagreeing: readonly SignedLog[]): boolean {
  const agreeing = logs.length - disagreeing.length;
  if (agreeing !== disagreeing.length) return agreeing < disagreeing.length;
  const [largest] = logs.toSorted((a, b) => b.signedSize - a.signedSize);
  return largest !== undefined && disagreeing.includes(largest);
}

/** Under the origin that the log was signed under: whether that is still the deployment's is another question. */
function givesKey(env: Env, seedVersion: number, { vkey, epoch }: SignedLog): boolean {
  const origin = parseVkey(vkey)?.name ?? "";
  return vkeyOf(signerOf(env, { origin, epoch, seedVersion })) === vkey;
}
