/**
 * Shares of payload keys: 32 random bytes a version, which the org's ledger object keeps and D1 never sees. So a copy
 * of the databases opens no payload, with the Worker's secrets either, and destroying a share destroys the key for
 * good, whatever copies there are. Who keeps the ledgers registers here.
 */
import type { Env } from "#platform/env.ts";
import type { KeyedOrg } from "./data-key-purpose.ts";

export interface ShareKeeper {
  /** Made where there is none; the same for whoever asks at once. Null where it is destroyed. */
  make(env: Env, org: KeyedOrg, version: number): Promise<Uint8Array | null>;
  /** Null where it is destroyed, or never was. */
  find(env: Env, org: KeyedOrg, version: number): Promise<Uint8Array | null>;
  /** Both are idempotent, and for good. */
  destroy(env: Env, org: Pick<KeyedOrg, "org">, version: number): Promise<void>;
  destroyAll(env: Env, org: Pick<KeyedOrg, "org">): Promise<void>;
}

let registered: ShareKeeper | null = null;

export function registerShareKeeper(keeper: ShareKeeper): void {
  registered = keeper;
}

export function shareKeeper(): ShareKeeper {
  if (registered === null) throw new Error("vault: nobody keeps the shares of payload keys");
  return registered;
}
