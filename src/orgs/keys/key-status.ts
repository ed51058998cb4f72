/** Which key-encryption keys wrap data keys, and the versions of an org's data keys. */
import type { Env } from "#platform/env.ts";
import { shardDatabase, shardNames } from "#platform/shards.ts";
import { MINUTE_MS } from "#platform/time.ts";
import type { DataKeyPurpose, KeyedOrg } from "#vault/data-key-purpose.ts";
import { keyUseOf } from "#vault/key-uses.ts";
import { kekSetting, newestKekVersion, payloadKeks } from "#vault/root-keys.ts";
import { findKeptSince } from "#vault/store/kek-rows.ts";
import { countKeysByKek, findKeyStates, type KeyState } from "#vault/store/key-counts.ts";

export interface KekUse {
  readonly version: number;
  readonly setting: string;
  readonly isSet: boolean;
  readonly isNewest: boolean;
  /** Data keys that it wraps. */
  readonly keys: number;
}

export interface KeyVersion extends KeyState {
  /** Values that are sealed with it; null where nobody counts them. */
  readonly rows: number | null;
}

export interface OrgKeys {
  readonly keks: readonly KekUse[];
  readonly versions: readonly KeyVersion[];
}

export interface DeploymentKeys {
  readonly keks: readonly KekUse[];
  /** Settings of key-encryption keys that may go. */
  readonly removable: readonly string[];
}

/** Of the deployment: reads the keys of all orgs. */
export async function deploymentKeys(env: Env, nowMs: number): Promise<DeploymentKeys> {
  const [keptSinceMs, ...counts] = await Promise.all([
    findKeptSince(env.DIRECTORY, newestKekVersion(env)),
    ...shardNames(env).map((shard) => countKeysByKek(shardDatabase(env, shard))),
  ]);
  const keks = kekUses(env, counts.flat());
  const isEverywhere = keptSinceMs !== null && nowMs - keptSinceMs >= SETTING_COMES_MS_MAX;
  return { keks, removable: isEverywhere ? unusedKeks(keks) : [] };
}

/** An isolate that was started before the newest key was set wraps by the one before, as long as requests keep it. */
const SETTING_COMES_MS_MAX = 10 * MINUTE_MS;

export async function orgKeys(env: Env, org: KeyedOrg): Promise<OrgKeys> {
  const states = await findKeyStates(shardDatabase(env, org.shard), org.org);
  const rows = await rowsByPurpose(env, org, states);
  const versions = states.map((state) => ({ ...state, rows: rows(state) }));
  const wrapped = states.flatMap(({ kekVersion }) =>
    kekVersion === null ? [] : [{ kekVersion, keys: 1 }],
  );
  return { keks: kekUses(env, wrapped), versions };
}

/** Settings of earlier key-encryption keys that wrap nothing. */
function unusedKeks(keks: readonly KekUse[]): string[] {
  return keks
    .filter(({ isSet, isNewest, keys }) => isSet && !isNewest && keys === 0)
    .map(({ setting }) => setting);
}

function kekUses(env: Env, counts: readonly { kekVersion: number; keys: number }[]): KekUse[] {
  const keys = new Map<number, number>([...payloadKeks(env).keys()].map((version) => [version, 0]));
  for (const { kekVersion, keys: more } of counts) {
    keys.set(kekVersion, (keys.get(kekVersion) ?? 0) + more);
  }
  const newest = newestKekVersion(env);
  return [...keys]
    .sort(([a], [b]) => a - b)
    .map(([version, count]) => ({
      version,
      setting: kekSetting(version),
      isSet: payloadKeks(env).has(version),
      isNewest: version === newest,
      keys: count,
    }));
}

async function rowsByPurpose(env: Env, org: KeyedOrg, states: readonly KeyState[]) {
  const counts = new Map<DataKeyPurpose, ReadonlyMap<number, number>>();
  for (const purpose of new Set(states.map((state) => state.purpose))) {
    const use = keyUseOf(purpose);
    if (use !== null) counts.set(purpose, await use.count(env, org));
  }
  return ({ purpose, version }: KeyState) => {
    const ofPurpose = counts.get(purpose);
    return ofPurpose === undefined ? null : (ofPurpose.get(version) ?? 0);
  };
}
