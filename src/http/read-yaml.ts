/** YAML bodies (RFC 9512), as the guide shows settings: YAML 1.2, its core schema, one document. */
import { CST, Lexer, Parser, parseDocument } from "yaml";
import { fail } from "#platform/errors.ts";

export function isYaml(contentType: string | undefined): boolean {
  const [type = ""] = (contentType ?? "").toLowerCase().split(";");
  return /^(application|text)\/(x-)?yaml$/.test(type.trim());
}

/**
 * The value is `unknown` on purpose, as that of `parseJson`. Anchors and aliases are refused, for a few lines
 * of them make gigabytes; so are tags other than the core schema's (the library would make dates and sets of
 * some), and keys given twice. The caller bounds the text's length.
 */
export function parseYaml(text: string): unknown {
  const value = isPlain(text) ? parsed(text) : undefined;
  // Undefined stands for what is no such document: an empty one is null.
  return value === undefined ? fail({ kind: "malformed_body", detail: DETAIL }) : value;
}

const DETAIL =
  "The body is not one YAML document without aliases and tags, of at most 4,096 tokens, nested 32 deep.";

/**
 * The library composes a document in time that grows with the square of its nesting, by recursion that a few
 * thousand brackets end together with the isolate, and goes on after errors: 0.5 s for 64 KiB of `[`, 13 s
 * and more for others of the kind. So its lexer and parser go first, lexeme by lexeme, in 1 to 2 µs each.
 *
 * The largest settings have 3 streams, 48 headers and some 20 keys more, of 6 lexemes each: four hundred.
 * The rest is for comments and white space.
 */
const LEXEMES_MAX = 4_096;

/** Nodes that are open at once. Settings are nested five deep, two nodes to a level. */
const DEPTH_MAX = 32;

function isPlain(text: string): boolean {
  const parser = new Parser();
  let lexemes = 0;
  let isScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    if (lexemes > LEXEMES_MAX || (!isScalar && isRefused(lexeme))) return false;
    if (!isTaken(parser, lexeme)) return false;
    // The text of a plain scalar comes behind its mark, and may begin with anything.
    isScalar = lexeme === CST.SCALAR;
  }
  return true;
}

function isTaken(parser: Parser, lexeme: string): boolean {
  for (const { type } of parser.next(lexeme)) {
    if (type === "error") return false;
  }
  return parser.stack.length <= DEPTH_MAX;
}

/** YAML 1.2.2 §5.7. The composer would make an error of each that is none: 0.25 s for 64 KiB of them. */
const ESCAPE =
  /\\(?:[0abefnrtvNLP_"/\\ \t\r\n]|x[\da-f]{2}|u[\da-f]{4}|U00(?:0[\da-f]|10)[\da-f]{4})/gi;

/** Anchors, aliases, and quoted text with an escape that is none. */
function isRefused(lexeme: string): boolean {
  if (lexeme.startsWith("&") || lexeme.startsWith("*")) return true;
  return lexeme.startsWith('"') && lexeme.replaceAll(ESCAPE, "").includes("\\");
}

const OPTIONS = {
  schema: "core",
  version: "1.2",
  resolveKnownTags: false,
  // Messages are not told: quoting the lines around each error takes longer than finding it.
  prettyErrors: false,
  logLevel: "error",
} as const;

function parsed(text: string): unknown {
  try {
    const document = parseDocument(text, OPTIONS);
    const isSound = document.errors.length === 0 && document.warnings.length === 0;
    return isSound ? document.toJS({ maxAliasCount: 0 }) : undefined;
  } catch {
    return undefined;
  }
}
