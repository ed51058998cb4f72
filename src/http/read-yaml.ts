/** YAML bodies (RFC 9512), as the guide shows settings: YAML 1.2, its core schema, one document. */
import { parseDocument } from "yaml";
import { fail } from "#platform/errors.ts";

export function isYaml(contentType: string | undefined): boolean {
  const [type = ""] = (contentType ?? "").toLowerCase().split(";");
  return /^(application|text)\/(x-)?yaml$/.test(type.trim());
}

/**
 * The value is `unknown` on purpose, as that of `parseJson`. Aliases are refused, for a few lines of them
 * make gigabytes; so are tags other than the core schema's (the library would make dates and sets of
 * some), and keys given twice.
 */
export function parseYaml(text: string): unknown {
  const value = parsed(text);
  // Undefined stands for what is no such document: an empty one is null.
  return value === undefined ? fail({ kind: "malformed_body", detail: DETAIL }) : value;
}

const DETAIL = "The body is not one YAML document without aliases and tags.";

const OPTIONS = {
  schema: "core",
  version: "1.2",
  resolveKnownTags: false,
  logLevel: "error",
} as const;

function parsed(text: string): unknown {
  try {
    const document = parseDocument(text, OPTIONS);
    const isSound = document.errors.length === 0 && document.warnings.length === 0;
    return isSound ? document.toJS({ maxAliasCount: 0 }) : undefined;
  } catch {
    // The library's messages quote the body, and its recursion ends in a RangeError.
    return undefined;
  }
}
