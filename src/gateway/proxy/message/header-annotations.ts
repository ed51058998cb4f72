/**
 * Which arguments of a tool travel as `Mcp-Param-*` headers too: those that `x-mcp-header` of its inputSchema
 * names (2026-07-28, streamable-http §Schema Extension).
 */
import { isMembers } from "./request-meta.ts";

export interface HeaderAnnotation {
  /** Of the argument: `["target", "region"]`. */
  readonly path: readonly string[];
  /** In lower case: `mcp-param-region`. */
  readonly header: string;
}

const ANNOTATION = "x-mcp-header";
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const TYPES: readonly unknown[] = ["string", "integer", "boolean"];

/** A header's name is no longer; clients and front servers have limits of their own. */
const NAME_LENGTH_MAX = 128;
/** More than this many headers of one request are refused by the servers that we know of (Node 2,000, nginx by bytes). */
const ANNOTATIONS_MAX = 64;

/** Keywords whose value is a schema, or a list of such. */
const SUBSCHEMAS = [
  ...["items", "prefixItems", "additionalItems", "contains", "unevaluatedItems"],
  ...["additionalProperties", "unevaluatedProperties", "propertyNames"],
  ...["oneOf", "anyOf", "allOf", "not", "if", "then", "else", "contentSchema"],
];
/** Keywords whose value has a schema for each name. */
const NAMED_SUBSCHEMAS = [
  ...["patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"],
];

/** A tool's definition is one object for as long as the isolate keeps it. */
const known = new WeakMap<object, readonly HeaderAnnotation[] | null>();

/**
 * Null for a schema whose annotations are against the rules: to clients a tool with such does not exist, and
 * nothing of it is to be mirrored.
 */
export function headerAnnotations(inputSchema: object): readonly HeaderAnnotation[] | null {
  const found = known.get(inputSchema);
  if (found !== undefined) return found;
  const annotations = readAnnotations(inputSchema);
  known.set(inputSchema, annotations);
  return annotations;
}

interface Place {
  schema: Readonly<Record<string, unknown>>;
  /** Null where it is reached by anything but `properties`. */
  path: readonly string[] | null;
}

function readAnnotations(inputSchema: object): readonly HeaderAnnotation[] | null {
  const annotations = new Map<string, HeaderAnnotation>();
  for (const { schema, path } of placesIn(inputSchema)) {
    const annotation = annotationOf(schema, path);
    if (annotation === null) continue;
    if (annotation === "invalid" || annotations.has(annotation.header)) return null;
    annotations.set(annotation.header, annotation);
  }
  return annotations.size > ANNOTATIONS_MAX ? null : [...annotations.values()];
}

/** Without recursion. */
function* placesIn(inputSchema: object): Generator<Place> {
  const places: Place[] = [];
  const push = (schema: unknown, path: Place["path"]) => {
    if (isMembers(schema)) places.push({ schema, path });
  };
  push(inputSchema, []);
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    yield place;
    pushBelow(place, push);
  }
}

function annotationOf(
  schema: Place["schema"],
  path: Place["path"],
): HeaderAnnotation | "invalid" | null {
  if (!Object.hasOwn(schema, ANNOTATION)) return null;
  const name = schema[ANNOTATION];
  const isSound =
    path !== null &&
    path.length > 0 &&
    typeof name === "string" &&
    name.length <= NAME_LENGTH_MAX &&
    TOKEN.test(name) &&
    TYPES.includes(schema["type"]);
  return isSound ? { path, header: `mcp-param-${name.toLowerCase()}` } : "invalid";
}

function pushBelow({ schema, path }: Place, push: (schema: unknown, path: Place["path"]) => void) {
  for (const [name, sub] of entriesOf(schema["properties"])) {
    push(sub, path === null ? null : [...path, name]);
  }
  for (const keyword of SUBSCHEMAS) {
    for (const sub of [schema[keyword]].flat()) push(sub, null);
  }
  for (const keyword of NAMED_SUBSCHEMAS) {
    for (const [, sub] of entriesOf(schema[keyword])) push(sub, null);
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return isMembers(value) ? Object.entries(value) : [];
}

/** The value at the path, null too; undefined where there is none. */
export function argumentAt(args: unknown, path: readonly string[]): unknown {
  let value = args;
  for (const name of path) {
    if (!isMembers(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}
