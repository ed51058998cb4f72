/** An org's streams as they are in force: what it set itself, else the deployment's settings. */

import { lookUpOrg } from "#orgs/directory.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { ExpiringMap } from "#platform/expiring-map.ts";
import { logError } from "#platform/log-error.ts";
import { findStreams, type StoredStreams } from "#streams/store/streams.ts";
import type { KeyedOrg } from "#vault/data-key-purpose.ts";
import { deploymentStreams } from "./deployment-streams.ts";
import {
  effectiveStreams,
  type HeaderValues,
  mapOwnDestinations,
  type Observability,
  type OwnStreams,
  ownDestination,
  STREAMS,
  type Stream,
} from "./observability.ts";
import { openHeaders } from "./sealed-headers.ts";

/** Cached as orgs and tokens are (src/orgs/directory.ts): a change is in force everywhere within 30 s. */
const opened = new ExpiringMap<OwnStreams>({ ttlMs: 30_000, entriesMax: 4_096 });

/** Reads the streams through a cache in the isolate: no D1 query on most calls, one on the others. */
export async function streamsOf(env: Env, org: string): Promise<Observability> {
  const own = await opened.getOrLoad(org, Date.now(), async () =>
    ownInForce(env, org, await findStreams(env.DIRECTORY, org)),
  );
  return effectiveStreams(own ?? {}, deploymentStreams(env));
}

/** Where a change was made, it is in force at once. */
export function forgetStreams(org: string): void {
  opened.evict(org);
}

/**
 * What the org set, as it is in force, with header values opened. Disabling the audit stream takes effect
 * once the entry that says so is in the org's ledger, however long that is out of reach.
 */
export async function ownInForce(
  env: Env,
  org: string,
  { own, isUnrecorded }: Pick<StoredStreams, "own" | "isUnrecorded">,
  keyed: KeyedOrg | null = null,
): Promise<OwnStreams> {
  const headers = await openAll(env, org, own, keyed);
  const values = mapOwnDestinations(own, (to, stream) => {
    const known = headers.get(stream);
    return known === undefined ? null : { ...to, headers: known };
  });
  const { audit } = values;
  return isUnrecorded && audit ? { ...values, audit: { ...audit, enabled: true } } : values;
}

/**
 * Header values by stream. A stream whose values cannot be opened is left out: it goes nowhere, rather than
 * without its credential.
 */
async function openAll(env: Env, org: string, own: OwnStreams, keyed: KeyedOrg | null) {
  const headers = new Map<string, HeaderValues>();
  for (const stream of STREAMS) {
    const sealed = ownDestination(own, stream)?.headers ?? {};
    try {
      headers.set(stream, await openedHeaders(env, { org, stream, keyed }, sealed));
    } catch (error) {
      logError(error, { org, stream });
    }
  }
  return headers;
}

async function openedHeaders(
  env: Env,
  { org, stream, keyed }: { org: string; stream: Stream; keyed: KeyedOrg | null },
  sealed: HeaderValues,
): Promise<HeaderValues> {
  if (Object.keys(sealed).length === 0) return {};
  const owner = keyed ?? (await lookUpOrg(env, org, Date.now()));
  return openHeaders(env, { org: owner ?? fail({ kind: "not_found" }), stream }, sealed);
}
