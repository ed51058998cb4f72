/** Cedar's JSON of a policy, as far as we look into it. */
/** An expression has one member: its operator. */
export type Expression = Readonly<Record<string, unknown>>;

/** Whether it says anything of a call's arguments, or of the context as a whole. */
export function readsInput(part: unknown): boolean {
  if (typeof part !== "object" || part === null) return false;
  if (Array.isArray(part)) return part.some(readsInput);
  const member = contextMember(part as Expression);
  if (member !== null) return member[0] === "input";
  if ((part as Expression)["Var"] === "context") return true;
  return Object.values(part).some(readsInput);
}

/** Members of the arguments that it reads, into `members`. False where it may read any. */
export function collectInputReads(part: unknown, members: Set<string>): boolean {
  if (typeof part !== "object" || part === null) return true;
  if (Array.isArray(part)) return part.every((one) => collectInputReads(one, members));
  const expression = part as Expression;
  const path = contextMember(expression);
  if (path !== null) {
    const [name, member] = path;
    if (name !== "input") return true;
    if (member === undefined) return "has" in expression;
    members.add(member);
    return true;
  }
  if (expression["Var"] === "context") return false;
  return Object.values(expression).every((one) => collectInputReads(one, members));
}

/**
 * `["input", "path"]` of `context.input.path` and of `context.input has path`, `["now"]` of `context.now`; at most
 * two names. Null for whatever is no member of the context.
 */
function contextMember(expression: Expression): readonly [string, string?] | null {
  const access = (expression["."] ?? expression["has"]) as
    | { left?: Expression; attr?: string | readonly string[] }
    | undefined;
  const { left, attr } = access ?? {};
  if (typeof left !== "object" || attr === undefined) return null;
  const names = typeof attr === "string" ? [attr] : [...attr];
  if (left?.["Var"] === "context") return names.slice(0, 2) as [string, string?];
  const inner = left?.["."] as { left: Expression; attr: string } | undefined;
  if (inner?.left?.["Var"] !== "context") return null;
  return [inner.attr, names[0] as string];
}

/** Ids of entities of the types given, wherever the policy names them, into `ids`. */
export function collectEntityIds(
  part: unknown,
  types: ReadonlySet<string>,
  ids: Set<string>,
): void {
  if (typeof part !== "object" || part === null) return;
  const { type, id } = part as { type?: unknown; id?: unknown };
  if (typeof type === "string" && typeof id === "string" && types.has(type)) ids.add(id);
  for (const one of Object.values(part)) collectEntityIds(one, types, ids);
}

export function hasInexactNumber(part: unknown): boolean {
  if (typeof part === "number") return !Number.isSafeInteger(part);
  return typeof part === "object" && part !== null && Object.values(part).some(hasInexactNumber);
}

export function readsResource(part: unknown): boolean {
  if (typeof part !== "object" || part === null) return false;
  const { Var: name } = part as Expression;
  return name === "resource" || name === "action" || Object.values(part).some(readsResource);
}
