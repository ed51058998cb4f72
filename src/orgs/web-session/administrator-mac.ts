/**
 * By what an administrator's session knows the token that it was made by: a session ends when MCPG_ADMIN_TOKEN is
 * changed. A plain digest would let who reads the directory try out tokens, which may be as short as an operator chose.
 */
import { encodeHex } from "#formats/hex.ts";
import { deploymentTokens } from "#orgs/deployment-tokens.ts";
import type { Env } from "#platform/env.ts";
import { macsOf } from "#vault/mac.ts";

/** Once an environment: it is asked for with each request of a session. */
const known = new WeakMap<Env, readonly string[]>();

/** What a session that is made now keeps. */
export async function administratorMac(env: Env): Promise<string> {
  const [newest] = await administratorMacs(env);
  return newest!;
}

/** What a session may have kept: by each key-encryption key that is set, the newest first. */
export async function administratorMacs(env: Env): Promise<readonly string[]> {
  const before = known.get(env);
  if (before !== undefined) return before;
  const { administratorDigest } = deploymentTokens(env);
  // It is no org's, and no org's name is empty.
  const macs = await macsOf(env, "administratorSession", "", administratorDigest);
  const texts = macs.map(encodeHex);
  known.set(env, texts);
  return texts;
}
