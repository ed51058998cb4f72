/**
 * What a tool's input is to policy: of its JSON Schema the part that Cedar has types for. The schema is the
 * plugin's, so nothing of it is trusted but the names and types that it declares.
 */

export type InputType =
  | { readonly kind: "string" | "long" | "boolean" | "decimal" }
  | { readonly kind: "set"; readonly element: InputType }
  | InputRecord;

export interface InputRecord {
  readonly kind: "record";
  readonly members: ReadonlyMap<string, InputMember>;
}

export interface InputMember {
  /** Null: declared, of no type that policy could read (nullable, untyped, one of several). */
  readonly type: InputType | null;
  readonly isRequired: boolean;
}

/** Deeper than tools' inputs are. Cedar gives up on a context of about 128, and not in good order. */
const DEPTH_MAX = 8;
const MEMBERS_MAX = 256;

const SCALARS: Readonly<Record<string, InputType>> = {
  string: { kind: "string" },
  integer: { kind: "long" },
  boolean: { kind: "boolean" },
  number: { kind: "decimal" },
};

/** Of the whole input. A tool that declares none has an empty one. */
export function inputTypeOf(definition: Readonly<Record<string, unknown>>): InputRecord {
  const { inputSchema } = definition;
  const type = isSchema(inputSchema) ? typeOf(inputSchema, 0) : null;
  return type?.kind === "record" ? type : { kind: "record", members: new Map() };
}

function typeOf(schema: Readonly<Record<string, unknown>>, depth: number): InputType | null {
  const { type, nullable, $ref, items, properties } = schema;
  if (typeof type !== "string" || nullable === true || $ref !== undefined) return null;
  if (depth >= DEPTH_MAX) return null;
  if (Object.hasOwn(SCALARS, type)) return SCALARS[type] as InputType;
  if (type === "array") return setType(items, depth);
  const hasMembers = type === "object" && (isSchema(properties) || depth === 0);
  return hasMembers ? recordType(schema, depth) : null;
}

function setType(items: unknown, depth: number): InputType | null {
  const element = isSchema(items) ? typeOf(items, depth + 1) : null;
  return element === null ? null : { kind: "set", element };
}

function recordType(
  { properties, required }: Readonly<Record<string, unknown>>,
  depth: number,
): InputRecord | null {
  const declared = Object.entries(isSchema(properties) ? properties : {});
  if (declared.length > MEMBERS_MAX) return null;
  const names: readonly unknown[] = Array.isArray(required) ? required : [];
  const members = declared.map(([name, schema]): [string, InputMember] => {
    const type = isReadable(name) && isSchema(schema) ? typeOf(schema, depth + 1) : null;
    return [name, { type, isRequired: names.includes(name) }];
  });
  return { kind: "record", members: new Map(members) };
}

/** `__entity`, `__extn` and `__expr` are how Cedar's JSON says what is no record. */
function isReadable(name: string): boolean {
  return !name.startsWith("__") && name.isWellFormed();
}

function isSchema(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
