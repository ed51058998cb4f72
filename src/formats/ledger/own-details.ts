/**
 * Details that this service adds to an event beside what its sender said. Their names begin with `mcpg.`,
 * which no sender's may; what two events with one id are compared by leaves them out.
 */
import type { CanonicalObject } from "#formats/canonical-json.ts";

const OWN_PREFIX = "mcpg.";

export const OWN_DETAILS = {
  /** The token that an event came by, where `recorded_by` shows a name that the token was given. */
  tokenId: "mcpg.token_id",
  /** True: the sender's details were an empty object. Without it and without others, there were none. */
  isEmpty: "mcpg.empty_details",
} as const;

type ToldDetails = Readonly<Record<string, string | boolean | null>>;

export function isOwnDetail(name: string): boolean {
  return name.startsWith(OWN_PREFIX);
}

export function withTokenId(
  details: ToldDetails | null,
  tokenId: string | null,
): ToldDetails | null {
  if (tokenId === null) return details;
  const isEmpty = details !== null && Object.keys(details).length === 0;
  const mark = isEmpty ? { [OWN_DETAILS.isEmpty]: true } : {};
  return { ...details, ...mark, [OWN_DETAILS.tokenId]: tokenId };
}

/** What the sender said. */
export function submittedDetails(details: CanonicalObject | null): CanonicalObject | null {
  if (details === null) return null;
  const names = Object.keys(details);
  const submitted = names.filter((name) => !isOwnDetail(name));
  if (submitted.length === names.length) return details;
  if (submitted.length === 0 && details[OWN_DETAILS.isEmpty] !== true) return null;
  return Object.fromEntries(submitted.map((name) => [name, details[name]!]));
}
