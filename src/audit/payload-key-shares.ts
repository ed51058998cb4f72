/**
 * Where the shares of an org's payload keys are: in the object of its first log, whichever log it writes to now. That
 * object is there for as long as the org is, frozen or succeeded as its log may be.
 */
import type { Env } from "#platform/env.ts";
import type { ShareKeeper } from "#vault/key-shares.ts";
import { callLedger, type LedgerStub } from "./ledger-stub.ts";

export const payloadKeyShares: ShareKeeper = {
  make: (env, { org }, version) => ofOrg(env, org, (object) => object.keyShare(version, true)),
  find: (env, { org }, version) => ofOrg(env, org, (object) => object.keyShare(version, false)),
  destroy: (env, { org }, version) => ofOrg(env, org, (object) => object.destroyKeyShare(version)),
  destroyAll: (env, { org }) => ofOrg(env, org, (object) => object.destroyKeyShare(null)),
};

function ofOrg<Result>(
  env: Env,
  org: string,
  call: (object: LedgerStub) => Promise<Result>,
): Promise<Result> {
  return callLedger(env, { org, log: 1 }, call);
}
