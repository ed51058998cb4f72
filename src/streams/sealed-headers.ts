/** Header values of an org's streams as they lie in the database: each is bound to its stream and header. */
import { sealOf } from "#vault/seal.ts";
import type { HeaderValues, Stream } from "./observability.ts";

/** Whose headers they are: what each value is bound to, beside its name. */
export interface HeadersOwner {
  org: string;
  stream: Stream;
}

export function sealHeaders(
  kek: Uint8Array,
  owner: HeadersOwner,
  headers: HeaderValues,
): Promise<HeaderValues> {
  return mapValues(kek, owner, headers, "close");
}

/** Throws if a value was sealed under another key, is bound to another place, or was altered. */
export function openHeaders(
  kek: Uint8Array,
  owner: HeadersOwner,
  headers: HeaderValues,
): Promise<HeaderValues> {
  return mapValues(kek, owner, headers, "open");
}

async function mapValues(
  kek: Uint8Array,
  { org, stream }: HeadersOwner,
  headers: HeaderValues,
  change: "close" | "open",
): Promise<HeaderValues> {
  const entries = Object.entries(headers);
  if (entries.length === 0) return {};
  const seal = await sealOf(kek, "streamHeader", org);
  const changed = entries.map(
    async ([header, value]) => [header, await seal[change](value, [stream, header])] as const,
  );
  return Object.fromEntries(await Promise.all(changed));
}
