/** The secrets that every other key derives from. None of them seals or signs anything itself. */
import { parseKey, refuseSetting, setting } from "#platform/settings.ts";

/** The key-encryption key: stream headers and error fingerprints derive theirs from it. */
export const payloadKek = setting(({ MCPG_PAYLOAD_KEK }) =>
  parseKey("MCPG_PAYLOAD_KEK", MCPG_PAYLOAD_KEK),
);

const LATER_SEED = /^MCPG_LEDGER_SEED_([2-9]|[1-9]\d)$/;

/**
 * The ledger's seeds by version: `MCPG_LEDGER_SEED` is 1, `MCPG_LEDGER_SEED_2` is 2.
 * Signing keys derive from them. The first one may go like any other, once a later one is there.
 */
export const ledgerSeeds = setting((env): ReadonlyMap<number, Uint8Array> => {
  const seeds = new Map<number, Uint8Array>();
  if (env.MCPG_LEDGER_SEED !== undefined) {
    seeds.set(1, parseKey("MCPG_LEDGER_SEED", env.MCPG_LEDGER_SEED));
  }
  for (const [binding, value] of Object.entries(env)) {
    const version = LATER_SEED.exec(binding)?.[1];
    if (version !== undefined) seeds.set(Number(version), parseKey(binding, String(value)));
  }
  return seeds.size > 0 ? seeds : refuseSetting("MCPG_LEDGER_SEED", "is not set");
});

export function seedSetting(version: number): string {
  return version === 1 ? "MCPG_LEDGER_SEED" : `MCPG_LEDGER_SEED_${version}`;
}
