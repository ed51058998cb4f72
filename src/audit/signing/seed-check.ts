/**
 * Whether the ledger's seeds are those that logs were signed with. A wrong seed would have every log signed
 * with a key that no verifier knows; so each version of it is known again by a value that the directory keeps
 * from its first use on, and nothing is signed, announced or shown of a seed that is not the one kept.
 */
import type { AuditLogRow } from "#audit/store/audit-logs.ts";
import {
  findKeptSeeds,
  findSignedKey,
  isSeedNeeded,
  keepSeeds,
} from "#audit/store/ledger-seeds.ts";
import { encodeHex } from "#formats/hex.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { digestsEqual } from "#orgs/service-token.ts";
import type { Env } from "#platform/env.ts";
import { type Failure, FailureError, fail } from "#platform/errors.ts";
import { ExpiringMap } from "#platform/expiring-map.ts";
import { logError } from "#platform/log-error.ts";
import { shardDatabase, shardNames } from "#platform/shards.ts";
import { deriveSeedCheck } from "#vault/derive.ts";
import { ledgerSeeds, seedSetting } from "#vault/root-keys.ts";
import { signerOf, vkeyOf } from "./signing-keys.ts";

export type SeedFault = Extract<Failure, { kind: "misconfigured" }>;

/** By the seed's version. A version that is not among them is sound. */
export type SeedFaults = ReadonlyMap<number, SeedFault>;

/** The seeds that a log's next checkpoint is signed with, by version. */
export function seedsOfLog({
  seedVersion,
  rotationSeedVersion,
}: Pick<AuditLogRow, "seedVersion" | "rotationSeedVersion">): number[] {
  return [...new Set([seedVersion, rotationSeedVersion ?? seedVersion])];
}

/** `/readyz` is anyone's to ask: an isolate looks once in so long. */
const LOOK_AGAIN_MS = 5_000;
const looks = new WeakMap<Env, ExpiringMap<SeedFaults>>();

/** What is wrong with the deployment's seeds, as of 5 s ago at most. Writes nothing. */
export async function findSeedFaults(env: Env): Promise<SeedFaults> {
  const look =
    looks.get(env) ?? new ExpiringMap<SeedFaults>({ ttlMs: LOOK_AGAIN_MS, entriesMax: 1 });
  looks.set(env, look);
  return (await look.getOrLoad("seeds", Date.now(), () => lookForFaults(env))) ?? new Map();
}

async function lookForFaults(env: Env): Promise<SeedFaults> {
  const kept = await findKeptSeeds(env.DIRECTORY);
  const faults = new Map<number, SeedFault>();
  for (const version of ledgerSeeds(env).keys()) {
    const isWrong = kept.has(version)
      ? !isKept(env, version, kept)
      : await contradictsLogs(env, version);
    if (isWrong) faults.set(version, wrongSeed(version));
  }
  for (const version of kept.keys()) {
    if (ledgerSeeds(env).has(version)) continue;
    // What no log needs any more may go: all of them were rotated to a later version.
    if (await onSomeShard(env, (db) => isSeedNeeded(db, version))) {
      faults.set(version, missingSeed(version));
    }
  }
  return faults;
}

/** Called before anything is made of these seeds: what is not kept yet is kept from now on. */
export async function faultsOfSeeds(env: Env, versions: Iterable<number>): Promise<SeedFaults> {
  const wanted = [...new Set(versions)];
  if (wanted.length === 0) return new Map();
  const before = await findKeptSeeds(env.DIRECTORY);
  const first = await firstUsed(
    env,
    wanted.filter((version) => !before.has(version)),
  );
  const kept = first.size === 0 ? before : await keepSeeds(env.DIRECTORY, first, Date.now());
  const faults = new Map<number, SeedFault>();
  for (const version of wanted) {
    if (!ledgerSeeds(env).has(version)) faults.set(version, missingSeed(version));
    else if (!isKept(env, version, kept)) faults.set(version, wrongSeed(version));
  }
  return faults;
}

/** The check values of those seeds that there are, and that no log contradicts. */
async function firstUsed(
  env: Env,
  versions: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const first = new Map<number, string>();
  for (const version of versions) {
    if (!ledgerSeeds(env).has(version) || (await contradictsLogs(env, version))) continue;
    first.set(version, checkValueOf(env, version));
  }
  return first;
}

/** Fails with `misconfigured` unless all of these seeds are sound. */
export async function requireSeeds(env: Env, versions: readonly number[]): Promise<void> {
  refuseSeeds(await faultsOfSeeds(env, versions), versions);
}

export function refuseSeeds(faults: SeedFaults, versions: readonly number[]): void {
  for (const version of versions) {
    const fault = faults.get(version);
    if (fault !== undefined) fail(fault);
  }
}

/** For `/readyz`: fails with the first of what is wrong. */
export async function probeSeeds(env: Env): Promise<void> {
  const faults = await findSeedFaults(env);
  refuseSeeds(faults, [...faults.keys()]);
}

/** For each tick: one line for each setting that is wrong, and how many are. */
export async function logSeedFaults(env: Env): Promise<number> {
  const faults = await findSeedFaults(env);
  for (const fault of faults.values()) logError(new FailureError(fault), { job: "tick" });
  return faults.size;
}

export function wrongSeed(version: number): SeedFault {
  const problem = "is not the one that logs were signed with";
  return { kind: "misconfigured", setting: seedSetting(version), problem };
}

function missingSeed(version: number): SeedFault {
  const problem = "is not set, and logs were signed with it";
  return { kind: "misconfigured", setting: seedSetting(version), problem };
}

/** In a time that does not depend on where the two differ. */
function isKept(env: Env, version: number, kept: ReadonlyMap<number, string>): boolean {
  return digestsEqual(checkValueOf(env, version), kept.get(version) ?? "");
}

function checkValueOf(env: Env, version: number): string {
  const seed = ledgerSeeds(env).get(version) ?? fail(missingSeed(version));
  return encodeHex(deriveSeedCheck(seed, version));
}

/** Logs that were signed before anything was kept say themselves with which seed. */
function contradictsLogs(env: Env, version: number): Promise<boolean> {
  return onSomeShard(env, async (db) => {
    const signed = await findSignedKey(db, version);
    const origin = parseVkey(signed?.vkey ?? "")?.name;
    if (signed === null || origin === undefined) return false;
    const key = { origin, epoch: signed.epoch, seedVersion: version };
    return vkeyOf(signerOf(env, key)) !== signed.vkey;
  });
}

async function onSomeShard(env: Env, isSo: (db: D1Database) => Promise<boolean>): Promise<boolean> {
  const answers = shardNames(env).map((name) => isSo(shardDatabase(env, name)));
  return (await Promise.all(answers)).includes(true);
}
