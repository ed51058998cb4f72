/**
 * Arguments that a server which does not mind case reads as ones that the tool declares: a rule about `path` says
 * nothing about "Path", which Go reads as it. Names that the tool does not declare are its own affair: many a map
 * has `PATH` beside `path`.
 */
import { folded } from "./case-twins.ts";
import { isMembers } from "./request-meta.ts";

type Schema = Readonly<Record<string, unknown>>;

/** To be refused as `case_twin` wherever a rule may look at arguments. `inputSchema` is that of the tool. */
export function hasArgumentTwin(args: unknown, inputSchema: unknown): boolean {
  if (!isMembers(inputSchema)) return false;
  if (Array.isArray(args)) {
    return args.some((item) => hasArgumentTwin(item, inputSchema["items"]));
  }
  if (!isMembers(args) || !isMembers(inputSchema["properties"])) return false;
  return hasDeclaredTwin(args, inputSchema["properties"]);
}

function hasDeclaredTwin(args: Readonly<Record<string, unknown>>, declared: Schema): boolean {
  const foldedNames = new Set(Object.keys(declared).map(folded));
  return Object.entries(args).some(([name, argument]) =>
    Object.hasOwn(declared, name)
      ? hasArgumentTwin(argument, declared[name])
      : foldedNames.has(folded(name)),
  );
}
