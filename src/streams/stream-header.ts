/** Headers that a stream may be sent with: a credential for the receiver, and nothing that steers the request. */
import type { HeaderValues } from "./observability.ts";

export const HEADERS_MAX = 16;
const NAME_LENGTH_MAX = 64;
const VALUE_LENGTH_MAX = 4_096;

/** A name is an RFC 9110 token, less the odd characters that a token may have. */
const NAME = /^[a-z0-9][a-z0-9._-]*$/i;

/**
 * Headers that may not be set: hop-by-hop ones (RFC 9110 §7.6.1), framing and routing, what we say
 * ourselves, and what an edge adds.
 */
const OURS =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|content-.*|accept.*|expect|date|via|forwarded|x-forwarded-.*|x-real-ip|true-client-ip|cf-.*|cookie|set-cookie|origin|referer|range|user-agent|idempotency-key|traceparent|tracestate|baggage|x-mcpg-.*)$/i;

/** RFC 9110 `field-value` in ASCII: no CR, LF or other control character, no white space around it. */
const VALUE = /^[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?$/;

/** What is wrong with the name; null if nothing is. */
export function refuseHeaderName(name: string): string | null {
  if (name.length > NAME_LENGTH_MAX || !NAME.test(name)) return "is not a header name";
  return OURS.test(name) ? "is a header that may not be set" : null;
}

/** What is wrong with the value; null if nothing is. The answer quotes nothing of it, for it is a secret. */
export function refuseHeaderValue(value: string): string | null {
  if (value.length > VALUE_LENGTH_MAX) return `must not exceed ${VALUE_LENGTH_MAX} characters`;
  return VALUE.test(value) ? null : "must be printable ASCII, without white space around it";
}

const SECRET_NAME = /^[A-Z][A-Z0-9_]*$/;

/**
 * The names in `MCPG_HEADER_SECRETS`; null if one is no secret's name, or names one of this service's own.
 */
export function parseSecretNames(text: string): string[] | null {
  const names = text.split(/[\s,]+/).filter((name) => name !== "");
  return names.every((name) => SECRET_NAME.test(name) && !name.startsWith("MCPG_")) ? names : null;
}

/** Puts secrets in the place of `${NAME}`; `secretOf` decides which may be read, and refuses the others. */
export function fillSecrets(headers: HeaderValues, secretOf: (name: string) => string) {
  const filled = Object.entries(headers).map(([header, value]) => [
    header,
    value.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => secretOf(name)),
  ]);
  return Object.fromEntries(filled) as Record<string, string>;
}
