/**
 * Whether a body is sent as JSON, in a way that no reader takes for anything else. ToolHive's policy passed over
 * JSON that came as text/plain, and Grafana's refused a charset parameter.
 */

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';

/** RFC 9110 §8.3.1. Two headers arrive joined by a comma, which has no place here outside quotes. */
const JSON_TYPE = new RegExp(
  `^application/json((?:[ \\t]*;[ \\t]*(?:${TOKEN}=(?:${TOKEN}|${QUOTED}))?)*)$`,
  "i",
);
const CHARSET = new RegExp(`;[ \\t]*charset=(${TOKEN}|${QUOTED})`, "gi");

/** The value of a Content-Type that is longer is nobody's. */
const LENGTH_MAX = 256;

export function isJsonContentType(contentType: string | null): boolean {
  if (contentType === "application/json") return true;
  const text = contentType?.replace(/^[ \t]+|[ \t]+$/g, "") ?? "";
  if (text.length > LENGTH_MAX) return false;
  const [, parameters] = JSON_TYPE.exec(text) ?? [];
  if (parameters === undefined) return false;
  return Array.from(parameters.matchAll(CHARSET), ([, charset = ""]) => charset).every((charset) =>
    /^"?utf-?8"?$/i.test(charset),
  );
}
