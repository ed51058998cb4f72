/**
 * What an address means. One pair: `parseAddress` of what `formatAddress` wrote is the same place, so that Back,
 * reload and a shared link show what was seen. A parameter that is empty is not one that is absent.
 */
export type Page =
  | "overview"
  | "activity"
  | "call"
  | "lag"
  | "audit"
  | "entry"
  | "style"
  | "sign-in"
  | "missing";

export interface Place {
  /** Without one, `overview` is the choice of an org. */
  readonly org: string | null;
  readonly page: Page;
  /** Of a call its id, of an entry `log/12` or `log-2/12`, of what is missing its path. */
  readonly id: string | null;
  readonly query: ReadonlyMap<string, string>;
}

const LISTS: readonly Page[] = ["overview", "activity", "lag", "audit"];

/** `search` with or without its question mark. Of a repeated parameter the last one counts. */
export function parseAddress(path: string, search: string): Place {
  const query = new Map(new URLSearchParams(search));
  // Two slashes would begin the name of a host where it is written as a link.
  const own = path.replace(/^\/+/, "/");
  const parts = decodeParts(own);
  const found = parts === null ? null : recognise(parts);
  return { ...(found ?? { org: null, page: "missing", id: own }), query };
}

export function formatAddress({ org, page, id, query }: Place): string {
  return pathOf(org, page, id) + formatQuery(query);
}

export function formatQuery(query: ReadonlyMap<string, string>): string {
  if (query.size === 0) return "";
  return `?${[...query].map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&")}`;
}

function pathOf(org: string | null, page: Page, id: string | null): string {
  if (page === "missing") return id ?? "/";
  if (page === "style" || page === "sign-in") return `/${page}`;
  if (org === null) return "/";
  const root = `/orgs/${encode(org)}`;
  if (page === "call") return `${root}/calls/${encode(id ?? "")}`;
  if (page === "entry") return `${root}/audit/${(id ?? "").split("/").map(encode).join("/")}`;
  return `${root}/${page}`;
}

function recognise(parts: readonly string[]): Omit<Place, "query"> | null {
  const [first = "", org = "", ...rest] = parts;
  if (parts.length === 1) return recogniseOpen(first);
  return first === "orgs" && org !== "" && !rest.includes("") ? recogniseOf(org, rest) : null;
}

function recogniseOpen(name: string): Omit<Place, "query"> | null {
  if (name === "") return { org: null, page: "overview", id: null };
  return name === "style" || name === "sign-in" ? { org: null, page: name, id: null } : null;
}

function recogniseOf(org: string, parts: readonly string[]): Omit<Place, "query"> | null {
  const [name = "overview", id, seq] = parts;
  if (parts.length <= 1) {
    const page = LISTS.find((one) => one === name);
    return page === undefined ? null : { org, page, id: null };
  }
  if (name === "calls" && parts.length === 2) return { org, page: "call", id: id! };
  const isEntry = name === "audit" && parts.length === 3;
  return isEntry ? { org, page: "entry", id: `${id}/${seq}` } : null;
}

function decodeParts(path: string): string[] | null {
  try {
    return path.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return null;
  }
}

/** What a person may read in an address stays readable in it. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/%(3A|2C)/g, (hex) =>
    decodeURIComponent(hex),
  );
}
