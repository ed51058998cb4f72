/** A payload as it may be sealed. */
import type { RedactionSettings } from "#orgs/redaction-settings.ts";
import { redactText, reportSteps } from "./redact-text.ts";
import { type RedactedPlace, redactionOf } from "./redaction-of.ts";
import { REDACTED_JSON } from "./text-layers.ts";

/** A longer one is cut before it is looked into, which would take a second: 256 KiB are kept of it at most. */
const WHOLE_LENGTH_MAX = 524_288;
/** As much behind a cut as a secret may have that is not known by its beginning. */
const TAIL_LENGTH_MAX = 4_096;

export interface RedactedPayload {
  /** JSON; or, where it is cut, the beginning of one. */
  readonly text: string;
  /**
   * What it is known again by: as it was sent, unless something was taken out, which who has the rest would find by
   * trying.
   */
  readonly whole: string;
  readonly isCut: boolean;
}

/**
 * Of one that is cut already (`wasCut`) no path can tell where it leads to. Nothing is kept of a text that is too long to be looked into where a path applies, for it cannot be told what the
 * path leads to. Else its last word goes, which may be the beginning of a secret.
 */
export function redactPayload(
  json: string,
  settings: RedactionSettings,
  place: RedactedPlace,
  { wasCut = false, steps = reportSteps() } = {},
): RedactedPayload {
  const redaction = redactionOf(settings, place);
  const isCut = json.length > WHOLE_LENGTH_MAX;
  if ((isCut || wasCut) && redaction.paths.length > 0) {
    return { text: REDACTED_JSON, whole: json, isCut };
  }
  if (!isCut) {
    const text = redactText(json, redaction, steps);
    return { text, whole: text, isCut };
  }
  const beginning = json.slice(0, WHOLE_LENGTH_MAX).toWellFormed();
  if (!redaction.detectsSecrets) return { text: beginning, whole: json, isCut };
  const looked = withoutLastWord(beginning);
  const text = redactText(looked, redaction);
  return { text, whole: text === looked ? json : text + json.slice(looked.length), isCut };
}

/** Words end at spaces and quotes. */
function withoutLastWord(text: string): string {
  const tail = text.slice(-TAIL_LENGTH_MAX);
  const [word = ""] = /[^\s"'`,;]*$/.exec(tail) ?? [];
  return text.slice(0, text.length - word.length);
}
