/**
 * Whether the ledger's seeds are those that logs were signed with. A wrong seed would have every log signed
 * with a key that no verifier knows; so each version of it is known again by a value that the directory keeps
 * from its first use on, and nothing is signed, announced or shown of a seed that is not the one kept.
 */
import { findKeptSeeds, keepSeeds } from "#audit/store/ledger-seeds.ts";
import { encodeHex } from "#formats/hex.ts";
import { digestsEqual } from "#orgs/service-token.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { logAlert } from "#platform/log-error.ts";
import { lookOnceIn } from "#platform/look.ts";
import { LOOK_AGAIN_MS, type SettingFault } from "#platform/setting-faults.ts";
import { deriveSeedCheck } from "#vault/derive.ts";
import { ledgerSeeds, seedSetting } from "#vault/root-keys.ts";
import { weighSeed } from "./seed-evidence.ts";
import { isNeededAnywhere } from "./seed-use.ts";
import { missingSeed, wrongSeed } from "./setting-fault.ts";

/** By the seed's version. A version that is not among them is sound. */
export type SeedFaults = ReadonlyMap<number, SettingFault>;

/** What is wrong with the deployment's seeds, as of 5 s ago at most. Writes nothing. */
export const findSeedFaults = lookOnceIn(LOOK_AGAIN_MS, lookForFaults);

async function lookForFaults(env: Env): Promise<SeedFaults> {
  const kept = await findKeptSeeds(env.DIRECTORY);
  const faults = new Map<number, SettingFault>();
  for (const version of ledgerSeeds(env).keys()) {
    const isWrong = kept.has(version)
      ? !isKept(env, version, kept)
      : (await weighSeed(env, version)).isContradicted;
    if (isWrong) faults.set(version, wrongSeed(version));
  }
  for (const version of kept.keys()) {
    if (ledgerSeeds(env).has(version)) continue;
    // What no log needs any more may go: all of them were rotated to a later version.
    if (await isNeededAnywhere(env, version)) faults.set(version, missingSeed(version));
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
  const faults = new Map<number, SettingFault>();
  for (const version of wanted) {
    if (!ledgerSeeds(env).has(version)) faults.set(version, missingSeed(version));
    else if (!isKept(env, version, kept)) faults.set(version, wrongSeed(version));
  }
  return faults;
}

/** The check values of those seeds that there are, and that logs do not contradict. A log that does alone is told. */
async function firstUsed(
  env: Env,
  versions: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const first = new Map<number, string>();
  for (const version of versions) {
    if (!ledgerSeeds(env).has(version)) continue;
    const { isContradicted, disagreeing } = await weighSeed(env, version);
    if (isContradicted) continue;
    for (const { org, log } of disagreeing) tellOdd(version, `${org}/${log}`);
    first.set(version, checkValueOf(env, version));
  }
  return first;
}

/** Told once; status, gauge and each attempt to sign that log go on telling it. */
function tellOdd(version: number, subject: string): void {
  const alert = "audit log signed with another seed than most: it alone is not signed on";
  logAlert(alert, { subject, setting: seedSetting(version) });
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

/** In a time that does not depend on where the two differ. */
function isKept(env: Env, version: number, kept: ReadonlyMap<number, string>): boolean {
  return digestsEqual(checkValueOf(env, version), kept.get(version) ?? "");
}

function checkValueOf(env: Env, version: number): string {
  const seed = ledgerSeeds(env).get(version) ?? fail(missingSeed(version));
  return encodeHex(deriveSeedCheck(seed, version));
}
