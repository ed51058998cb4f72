/**
 * The versions of the Model Context Protocol that pass through the gateway. Eras are passed through, never
 * translated: what a version's requests may look like is judged by the version that the request names.
 */
export const PROTOCOL_VERSIONS = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"] as const;

export type ProtocolVersion = (typeof PROTOCOL_VERSIONS)[number];

/** Legacy: opened by `initialize`, with sessions. Modern: each request tells version and capabilities in `_meta`. */
export type Era = "legacy" | "modern";

export const VERSION_HEADER = "mcp-protocol-version";

const MODERN_VERSIONS: readonly ProtocolVersion[] = ["2026-07-28"];

/** What a request without the header speaks once it is past `initialize` (2025-06-18, transports). */
const UNNAMED_VERSION: ProtocolVersion = "2025-03-26";

export function eraOf(version: ProtocolVersion): Era {
  return MODERN_VERSIONS.includes(version) ? "modern" : "legacy";
}

export function isProtocolVersion(text: string | null): text is ProtocolVersion {
  return (PROTOCOL_VERSIONS as readonly (string | null)[]).includes(text);
}

/**
 * Those that an error lists as supported. Whoever claims a version in `_meta` is told of modern ones alone: it
 * takes a version of the list for one that it can go on with in the same way.
 */
export function supportedVersions(isClaimed: boolean): readonly ProtocolVersion[] {
  return isClaimed ? MODERN_VERSIONS : PROTOCOL_VERSIONS;
}

/** Field values are read without the blanks around them (RFC 9110 §5.5), which not every runtime takes off. */
export function headerValue(headers: Headers, name: string): string | null {
  return headers.get(name)?.replace(/^[ \t]+|[ \t]+$/g, "") ?? null;
}

/**
 * The version by which a body is judged, before anything of the body is known; `checkVersion` then says whether
 * the request may have it. `session` is what was negotiated where the request belongs to a session: a request
 * that does not name its version has that one. One that names an unknown version is judged by the newest, which
 * permits the least.
 */
export function versionOfRequest(
  headers: Headers,
  session: ProtocolVersion | null,
): ProtocolVersion {
  const named = headerValue(headers, VERSION_HEADER);
  if (named === null) return session ?? UNNAMED_VERSION;
  return isProtocolVersion(named) ? named : "2026-07-28";
}
