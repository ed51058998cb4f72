/** Query parameters, as strict as a body: a misspelt filter would silently answer too much. */
import { fail, type ValidationError } from "#platform/errors.ts";

/** Each parameter at most once, and none that is not in `names`; else 400. */
export function readQuery<const Name extends string>(
  request: { url: string },
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const query: Partial<Record<Name, string>> = {};
  const errors: ValidationError[] = [];
  for (const [name, value] of new URL(request.url).searchParams) {
    const known = names.find((candidate) => candidate === name);
    const message = known === undefined ? "is not a known parameter" : "is given twice";
    if (known === undefined || query[known] !== undefined) {
      errors.push({ pointer: `/${name.slice(0, 128)}`, message });
    } else {
      query[known] = value;
    }
  }
  if (errors.length > 0) fail({ kind: "invalid_request", errors: errors.slice(0, 8) });
  return query;
}

/** A parameter that is known and says something it may not. */
export function refuseParameter(name: string, message: string): never {
  return fail({ kind: "invalid_request", errors: [{ pointer: `/${name}`, message }] });
}
