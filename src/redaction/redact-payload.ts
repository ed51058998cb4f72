/** A payload as it may be sealed. */
import type { RedactionSettings } from "#orgs/redaction-settings.ts";
import { REDACTED_JSON, redactText } from "./redact-text.ts";
import { type RedactedPlace, redactionOf } from "./redaction-of.ts";

/** Longer ones are cut before they are looked into, which would take a second: a payload is kept to 256 KiB. */
const WHOLE_LENGTH_MAX = 1_048_576;
/** As much behind a cut as the beginning of a secret may have that is not known by its beginning. */
const TAIL_LENGTH_MAX = 4_096;

/**
 * `isWhole` is false for a text that was cut. Where a path applies, nothing is kept of one, for it cannot be told what
 * the path leads to. Else its last word goes, which may be the beginning of a secret.
 */
export function redactPayload(
  text: string,
  settings: RedactionSettings,
  { isWhole, ...place }: RedactedPlace & { isWhole: boolean },
): string {
  const redaction = redactionOf(settings, place);
  if (isWhole && text.length <= WHOLE_LENGTH_MAX) return redactText(text, redaction);
  if (redaction.paths.length > 0) return REDACTED_JSON;
  const cut = text.slice(0, WHOLE_LENGTH_MAX);
  return redactText(redaction.detectsSecrets ? withoutLastWord(cut) : cut, redaction);
}

/** Words end at spaces and quotes. */
function withoutLastWord(text: string): string {
  const tail = text.slice(-TAIL_LENGTH_MAX);
  const [word = ""] = /[^\s"'`,;]*$/.exec(tail) ?? [];
  return text.slice(0, text.length - word.length);
}
