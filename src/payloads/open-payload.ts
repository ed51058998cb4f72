/** A stored payload in the clear, each field by itself. */
import type { Org } from "#orgs/org.ts";
import type { StoredPayload } from "#payloads/store/find-payload.ts";
import type { Env } from "#platform/env.ts";
import { dataKeyOf, newestDataKey } from "#vault/data-keys.ts";
import type { PayloadContent } from "./payload-size.ts";
import { openPayload, PAYLOAD_FIELDS, sealedKeyVersion } from "./sealed-payload.ts";

export interface OpenedPayload {
  readonly kind: "opened";
  readonly request: PayloadContent | null;
  readonly response: PayloadContent | null;
}

export type OpenAnswer =
  | OpenedPayload
  /** The key that it was sealed with is destroyed. */
  | { readonly kind: "destroyed" }
  /** A field was altered, or is of another call, field, org or key. */
  | { readonly kind: "refused"; readonly field: string };

export async function openStored(
  env: Env,
  org: Org,
  id: string,
  stored: StoredPayload,
): Promise<OpenAnswer> {
  const key = await dataKeyOf(env, org, "payload", stored.keyVersion);
  if (key === null) return withoutKey(env, org, stored);
  const opened = { request: null, response: null } as Record<string, PayloadContent | null>;
  for (const field of PAYLOAD_FIELDS) {
    const sealed = stored[field];
    if (sealed === null) continue;
    opened[field] = await openPayload(key, { org: org.org, id, field }, sealed);
    if (opened[field] === null) return { kind: "refused", field };
  }
  if (stored.request === null && stored.response === null) {
    return { kind: "refused", field: "request" };
  }
  return { kind: "opened", request: opened["request"]!, response: opened["response"]! };
}

/** One that says a version that never was, or another than its row, was altered. */
async function withoutKey(env: Env, org: Org, stored: StoredPayload): Promise<OpenAnswer> {
  const { version } = await newestDataKey(env, org, "payload");
  const isKnown = stored.keyVersion >= 1 && stored.keyVersion < version;
  const field = PAYLOAD_FIELDS.find(
    (name) =>
      stored[name] !== null && (!isKnown || sealedKeyVersion(stored[name]) !== stored.keyVersion),
  );
  return field === undefined ? { kind: "destroyed" } : { kind: "refused", field };
}
