/** What an org has taken out of one field of a call, or of an event's details. */
import type { RedactedField, RedactionRule, RedactionSettings } from "#orgs/redaction-settings.ts";
import { type PathSegment, parseJsonPath } from "./json-path.ts";
import type { Redaction } from "./redact-text.ts";

export interface RedactedPlace {
  readonly workspace: string | null;
  readonly plugin: string | null;
  readonly tool: string | null;
  readonly field: RedactedField;
}

/**
 * A rule that names a tool holds for that tool; where it is not known whose tool it was, it holds too: rather too much
 * is taken out than too little.
 */
export function redactionOf(
  { detectsSecrets, rules }: RedactionSettings,
  place: RedactedPlace,
): Redaction {
  const paths = rules.filter((rule) => isFor(rule, place)).flatMap((rule) => rule.paths);
  return { detectsSecrets, paths: paths.map(pathSegments) };
}

function isFor(rule: RedactionRule, place: RedactedPlace): boolean {
  const isTool = (["workspace", "plugin", "tool"] as const).every(
    (part) =>
      rule[part] === undefined ||
      place[part] === null ||
      rule[part]?.normalize("NFC") === place[part]?.normalize("NFC"),
  );
  return isTool && (rule.fields === undefined || rule.fields.includes(place.field));
}

/** A path that is not understood, as of a version after this one, takes all. */
function pathSegments(path: string): readonly PathSegment[] {
  const parsed = parseJsonPath(path);
  return typeof parsed === "string" ? [] : parsed;
}
