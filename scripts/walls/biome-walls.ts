/** The table of rooms as a configuration of Biome, which biome.json extends. */
import { knowsHttp, ROWS, type Row, resolveRow } from "./rooms.ts";

/** What has no row imports its own folder. */
const NO_ROW = override(["src/**"], ["**", "!./*"], "This room has no row");

/** Of the overrides that name a file the last one counts: rooms come before their folders. */
export function formatWalls(): string {
  const overrides = [NO_ROW, ...ROWS.map(overrideOf)].map((one) => JSON.stringify(one));
  return `{ "overrides": [\n${overrides.join(",\n")}\n] }\n`;
}

function overrideOf({ folder }: Row): object {
  const { rooms, packages } = resolveRow(folder);
  const allowed = ["./*", ...rooms.map((room) => `#${room}/**`), ...packages];
  const http = knowsHttp(folder) ? [] : ["**/http/**"];
  const includes = [folder === "" ? "src/*.ts" : `src/${folder}/**`];
  const patterns = ["**", ...allowed.map((pattern) => `!${pattern}`), ...http];
  const named = [...rooms.map((room) => `#${room}`), ...packages].join(", ");
  const exception = knowsHttp(folder) ? "" : ", of rooms not their http/";
  return override(includes, patterns, `src/${folder} may import ./file.ts, ${named}${exception}`);
}

function override(includes: string[], group: string[], message: string): object {
  const options = { patterns: [{ group, message: `${message}: scripts/walls/rooms.ts.` }] };
  const rules = { style: { noRestrictedImports: { level: "error", options } } };
  return { includes, linter: { rules } };
}
