/** The signing keys: derived when they are needed, so that there is one secret to keep and none a log. */
import { publicKeyOf } from "#formats/ed25519.ts";
import { formatVkey, verifierKey } from "#formats/tlog/note-key.ts";
import type { NoteSigner } from "#formats/tlog/signed-note.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { deriveSigningSeed } from "#vault/derive.ts";
import { ledgerSeeds, seedSetting } from "#vault/root-keys.ts";
import type { KeyName } from "./signing-key.ts";

/** A key for each origin and epoch: none tells anything about another. */
export function signerOf(env: Env, { origin, epoch, seedVersion }: KeyName): NoteSigner {
  const secret = ledgerSeeds(env).get(seedVersion);
  if (secret === undefined) {
    return fail({
      kind: "misconfigured",
      setting: seedSetting(seedVersion),
      problem: "is not set",
    });
  }
  return { name: origin, seed: deriveSigningSeed(secret, { origin, epoch }) };
}

export function vkeyOf({ name, seed }: NoteSigner): string {
  return formatVkey(verifierKey(name, publicKeyOf(seed)));
}

export function newestSeedVersion(env: Env): number {
  return Math.max(...ledgerSeeds(env).keys());
}
