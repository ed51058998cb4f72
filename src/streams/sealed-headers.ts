/** Header values of an org's streams as they lie in the database: each is bound to its stream and header. */
import type { Env } from "#platform/env.ts";
import type { KeyedOrg } from "#vault/data-key-purpose.ts";
import { dataSeal } from "#vault/data-seal.ts";
import {
  type HeaderValues,
  mapOwnDestinations,
  type OwnStreams,
  ownDestination,
  STREAMS,
  type Stream,
} from "./observability.ts";

/** Whose headers they are: what each value is bound to, beside its name. */
export interface HeadersOwner {
  org: KeyedOrg;
  stream: Stream;
}

export function sealHeaders(
  env: Env,
  owner: HeadersOwner,
  headers: HeaderValues,
): Promise<HeaderValues> {
  return mapValues(env, owner, headers, "close");
}

/** Throws if a value was sealed under another key, is bound to another place, or was altered. */
export function openHeaders(
  env: Env,
  owner: HeadersOwner,
  headers: HeaderValues,
): Promise<HeaderValues> {
  return mapValues(env, owner, headers, "open");
}

/** The org's own destinations, each with the headers that `change` makes of its own: one by one, for all ask for one key. */
export async function mapHeaders(
  own: OwnStreams,
  change: (headers: HeaderValues, stream: Stream) => Promise<HeaderValues>,
): Promise<OwnStreams> {
  const changed = new Map<Stream, HeaderValues>();
  for (const stream of STREAMS) {
    changed.set(stream, await change(ownDestination(own, stream)?.headers ?? {}, stream));
  }
  return mapOwnDestinations(own, (to, stream) => ({ ...to, headers: changed.get(stream) ?? {} }));
}

async function mapValues(
  env: Env,
  { org, stream }: HeadersOwner,
  headers: HeaderValues,
  change: "close" | "open",
): Promise<HeaderValues> {
  const entries = Object.entries(headers);
  if (entries.length === 0) return {};
  const seal = dataSeal(env, org, "stream_header");
  const changed = entries.map(
    async ([header, value]) => [header, await seal[change](value, [stream, header])] as const,
  );
  return Object.fromEntries(await Promise.all(changed));
}
