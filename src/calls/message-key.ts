/** The key that a report's error messages are grouped by: most reports have none, and ask for none. */
import type { Env } from "#platform/env.ts";
import type { KeyedOrg } from "#vault/data-key-purpose.ts";
import { fingerprintKey } from "#vault/fingerprint-key.ts";

/** Of no use to BLAKE3: what groups a message all the same fails. */
const NO_KEY = new Uint8Array(0);

/** A query where the isolate does not know the org's key and a sample has a message. */
export async function messageKey(
  env: Env,
  org: KeyedOrg,
  samples: readonly unknown[],
): Promise<Uint8Array> {
  return samples.some(hasMessage) ? fingerprintKey(env, org) : NO_KEY;
}

function hasMessage(sample: unknown): boolean {
  const { error_message } = (sample ?? {}) as { error_message?: unknown };
  return typeof error_message === "string";
}
