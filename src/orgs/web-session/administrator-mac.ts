/**
 * By what an administrator's session knows the token that it was made by: a session ends when MCPG_ADMIN_TOKEN is
 * changed. A plain digest would let who reads the directory try out tokens, which may be as short as an operator chose.
 */
import { encodeHex } from "#formats/hex.ts";
import { deploymentTokens } from "#orgs/deployment-tokens.ts";
import type { Env } from "#platform/env.ts";
import { macOf } from "#vault/mac.ts";
import { payloadKek } from "#vault/root-keys.ts";

/** Once an environment: it is asked for with each request of a session. */
const known = new WeakMap<Env, string>();

export async function administratorMac(env: Env): Promise<string> {
  const before = known.get(env);
  if (before !== undefined) return before;
  const { administratorDigest } = deploymentTokens(env);
  // It is no org's, and no org's name is empty.
  const mac = await macOf(payloadKek(env), "administratorSession", "", administratorDigest);
  const text = encodeHex(mac);
  known.set(env, text);
  return text;
}
