/**
 * One name for one thing, all over src: a reader who looks for it finds it, and only it; and no folder or file
 * that is too long to be looked over. Read line by line, for Biome's formatting puts each declaration at the
 * start of one.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { Checks, type Verdict } from "../checks.ts";

/** Local ones too: a type inside a function is found by the same search. */
const TYPE = /^\s*(?:export )?(?:declare )?(?:abstract )?(?:interface|class|enum) (\w+)/gm;
const ALIAS = /^\s*(?:export )?type (\w+)(?:<.*>)? =/gm;
const EXPORTED_FUNCTION = /^export (?:async )?function\*? (\w+)/gm;
const EXPORTED_ARROW = /^export const (\w+) = (?:async )?\(/gm;

/** Its pages run elsewhere than the rest, and know it only by HTTP: they are searched by themselves. */
const BROWSER = "dashboard/";

/** A folder that has more wants rooms of its own: its list is what a newcomer reads first. */
const FILES_MAX = 25;
const LINES_MAX = 300;

interface Named {
  readonly name: string;
  readonly path: string;
}

export async function runNamesSuite(): Promise<Verdict> {
  const checks = new Checks("names");
  const paths = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path))
    .sort();
  const files = paths.map((path) => ({ path, name: basename(path) }));
  const types = declared(paths, [TYPE, ALIAS]);
  const functions = declared(paths, [EXPORTED_FUNCTION, EXPORTED_ARROW]);
  checks.report("no two files of src have one name", shared(files), `${files.length} files`);
  checks.report("no two types have one name", shared(types), `${types.length} types`);
  const seen = `${functions.length} functions`;
  checks.report("no two exported functions have one name", shared(functions), seen);
  checks.report("no folder has more than 25 files side by side", crowded(paths), "");
  checks.report("no file has more than 300 lines", long(paths), "");
  checks.report(
    "no binding and no setting tells the time",
    clocks(),
    "but the runtime's own clock",
  );
  return checks.verdict;
}

/**
 * What is deleted is deleted by the runtime's clock: tests set the Date of their own isolate, and nothing that a
 * deployment or `npm start` could have by mistake would do the same.
 */
function clocks(): string[] {
  const scripts = readdirSync("scripts/start").map((name) => `scripts/start/${name}`);
  const sources = ["wrangler.toml", "src/platform/env.ts", "scripts/start.ts", ...scripts];
  return sources.flatMap((path) => {
    const names = readFileSync(path, "utf8").match(/\b[A-Z][A-Z0-9_]*\b/g) ?? [];
    return names
      .filter((name) => /CLOCK|NOW|FAKE|OFFSET/.test(name))
      .map((name) => `${path}: ${name}`);
  });
}

function crowded(paths: readonly string[]): string[] {
  return [...Map.groupBy(paths, dirname)]
    .filter(([, files]) => files.length > FILES_MAX)
    .map(([folder, files]) => `${folder}: ${files.length} files`);
}

function long(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const lines = readFileSync(`src/${path}`, "utf8").split("\n").length - 1;
    return lines > LINES_MAX ? [`${path}: ${lines} lines`] : [];
  });
}

function declared(paths: readonly string[], patterns: readonly RegExp[]): Named[] {
  return paths.flatMap((path) => {
    const source = readFileSync(`src/${path}`, "utf8");
    const matches = patterns.flatMap((pattern) => [...source.matchAll(pattern)]);
    return matches.map(([, name = ""]) => ({ name, path }));
  });
}

function shared(things: readonly Named[]): string[] {
  const program = (path: string) => (path.startsWith(BROWSER) ? BROWSER : "");
  return [...Map.groupBy(things, ({ name, path }) => `${program(path)}${name}`)]
    .filter(([, named]) => named.length > 1)
    .map(([name, named]) => `${name}: ${named.map(({ path }) => path).join(", ")}`);
}
