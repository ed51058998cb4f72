/** The signing keys: derived when they are needed, so that there is one secret to keep and none a log. */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { publicKeyOf } from "#formats/ed25519.ts";
import { formatVkey, verifierKey } from "#formats/tlog/note-key.ts";
import type { NoteSigner } from "#formats/tlog/signed-note.ts";
import { type Env, settingsOf } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import type { KeyName } from "./signing-key.ts";

/** RFC 5869, a key for each origin and epoch: none tells anything about another. */
export function signerOf(env: Env, { origin, epoch, seedVersion }: KeyName): NoteSigner {
  const setting = seedVersion === 1 ? "MCPG_LEDGER_SEED" : `MCPG_LEDGER_SEED_${seedVersion}`;
  const secret = settingsOf(env).ledgerSeeds.get(seedVersion);
  if (secret === undefined) return fail({ kind: "misconfigured", setting, problem: "is not set" });
  const info = new TextEncoder().encode(`mcpg audit log key\n${origin}\n${epoch}\n`);
  return { name: origin, seed: hkdf(sha256, secret, undefined, info, 32) };
}

export function vkeyOf({ name, seed }: NoteSigner): string {
  return formatVkey(verifierKey(name, publicKeyOf(seed)));
}

export function newestSeedVersion(env: Env): number {
  return Math.max(...settingsOf(env).ledgerSeeds.keys());
}
