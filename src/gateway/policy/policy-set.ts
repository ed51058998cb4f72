/** An org's policies with what holds where none of them says anything. */
import { canonicalJson } from "#formats/canonical-json.ts";
import { encodeHex } from "#formats/hex.ts";
import { sha256 } from "#formats/sha256.ts";
import type { InputReads } from "./typed-input.ts";

export type DefaultEffect = "permit" | "deny";

export interface PolicySet {
  /** Cedar. */
  readonly policies: string;
  readonly default: DefaultEffect;
  /** What entries name it by. */
  readonly hash: string;
  readonly reads: InputReads;
}

/** In the place of a hash, of an org that has set no policy. */
export const NO_POLICY_SET = "none";

/** SHA-256 of the canonical JSON of both: the same set has the same hash in any org. */
export function policyHash(policies: string, defaultEffect: DefaultEffect): string {
  const text = canonicalJson({ default: defaultEffect, policies });
  return encodeHex(sha256(new TextEncoder().encode(text)));
}
