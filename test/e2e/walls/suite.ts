/** The walls between rooms: for each folder, every import that the table forbids is refused by lint, and no other. */
import { readdirSync, readFileSync } from "node:fs";
import { formatWalls } from "../../../scripts/walls/biome-walls.ts";
import { knowsHttp, ROWS, type Row, resolveRow, roomOf } from "../../../scripts/walls/rooms.ts";
import { Checks, type Verdict } from "../checks.ts";
import { importName, KINDS, probePath, refusedImports } from "./probes.ts";

const ROOMS = [...new Set(ROWS.map(({ folder }) => roomOf(folder)).filter(Boolean))];

/** Folders without a row of their own: of a room that has one, of one's http, and of no room. */
const ROWLESS = ["audit/signing", "calls/http/pages", "unlisted"];

/** What the architecture promises, whatever the table says. */
const NEVER: Readonly<Record<string, readonly string[]>> = {
  formats: ROOMS.filter((room) => room !== "formats"),
  orgs: ["calls", "audit"],
  streams: ["calls", "audit"],
  calls: ["audit", "otlp"],
  cli: ROOMS.filter((room) => room !== "formats" && room !== "cli"),
  dashboard: ROOMS.filter((room) => room !== "formats" && room !== "dashboard"),
};

const FILES = [...ROOMS, "unlisted"].flatMap((room) =>
  ["file.ts", "store/file.ts", "http/file.ts"].map((path) => `#${room}/${path}`),
);
const PACKAGES = [
  "@bufbuild/protobuf/wire",
  "@noble/ed25519",
  "@noble/hashes/sha2.js",
  "@preact/signals",
  "cloudflare:workers",
  "commander",
  "drizzle-orm",
  "drizzle-orm/d1",
  "hono",
  "hono/route",
  "modern-tar",
  "node:async_hooks",
  "node:fs",
  "node:fs/promises",
  "node:stream",
  "node:zlib",
  "preact",
  "preact/hooks",
  "typebox",
  "typebox/schema",
  "yaml",
  "zod",
];
/** By place instead of by name: only a file of the same folder. */
const PLACES = [
  "./file.ts",
  "./http/file.ts",
  "../file.ts",
  "../../calls/file.ts",
  "src/calls/a.ts",
];
const TARGETS = [...FILES, ...PACKAGES, ...PLACES];

/** What no lint rule sees through. */
const HIDDEN_IMPORT =
  /\bimport\(|\brequire\(|\bcreateRequire\b|from "\.{1,2}(\/\.{1,2})*"|biome-ignore(-\w+)? lint(\/style)?(\/noRestrictedImports)?:/;

export async function runWallsSuite(): Promise<Verdict> {
  const checks = new Checks("walls");
  checkTable(checks);
  checkSource(checks);
  const folders = [...ROWS.map(({ folder }) => folder), ...ROWLESS];
  const refused = await refusedImports(folders, TARGETS);
  for (const folder of folders) checkFolder(checks, folder, refused);
  return checks.verdict;
}

function checkTable(checks: Checks): void {
  const written = readFileSync("scripts/walls/walls.json", "utf8");
  const stale = written === formatWalls() ? [] : ["it is not: `npm run walls` writes it"];
  checks.report("walls.json is what the table says", stale);
  const upwards = ROWS.filter(({ folder }) => folder !== "").flatMap(({ folder, rooms = [] }) =>
    rooms
      .filter((room) => !ROOMS.slice(0, ROOMS.indexOf(roomOf(folder))).includes(room))
      .map((room) => `${folder} imports ${room}, which comes after it`),
  );
  checks.report("a room imports only rooms before it", upwards);
  checks.report("no row breaks what the architecture promises", ROWS.flatMap(brokenPromises));
}

function brokenPromises({ folder }: Row): string[] {
  const { rooms, packages } = resolveRow(folder);
  const never = NEVER[roomOf(folder)] ?? [];
  const broken = rooms.filter(
    (room) => never.includes(room) || (room === "http" && !knowsHttp(folder)),
  );
  const routing = knowsHttp(folder) ? [] : packages.filter((name) => name.startsWith("hono"));
  return [...broken, ...routing].map((name) => `${folder} imports ${name}`);
}

function checkSource(checks: Checks): void {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" });
  const hiding = files.filter((file) => /\.tsx?$/.test(file) && hidesImport(file));
  checks.report("no import of src hides from lint", hiding);
}

function checkFolder(checks: Checks, folder: string, refused: ReadonlySet<string>): void {
  const problems: string[] = [];
  for (const kind of Object.keys(KINDS)) {
    for (const target of TARGETS) {
      const isRefused = refused.has(importName(probePath(folder, kind), target));
      if (isRefused !== mayImport(folder, target)) continue;
      problems.push(`${kind} of ${target} is ${isRefused ? "refused" : "let through"}`);
    }
  }
  const forbidden = TARGETS.filter((target) => !mayImport(folder, target)).length;
  const name = folder === "" ? "src" : `src/${folder}`;
  const seen = `${forbidden} of ${TARGETS.length}, in ${Object.keys(KINDS).length} ways`;
  checks.report(`${name} is refused what it may not import, and nothing else`, problems, seen);
}

/** The table read once more, in another way than Biome's patterns are made of it. */
function mayImport(folder: string, target: string): boolean {
  if (/^\.{1,2}\//.test(target)) return target === "./file.ts";
  if (!ROOMS.includes(roomOf(folder)) && folder !== "") return false;
  const { rooms, packages } = resolveRow(rowOf(folder));
  if (!target.startsWith("#")) return packages.some((pattern) => isOfPackage(pattern, target));
  const [room = "", ...path] = target.slice(1).split("/");
  if (path.includes("http") && !knowsHttp(folder)) return false;
  return rooms.includes("*") || rooms.includes(room);
}

/** The folder itself, or the nearest above it that has a row. */
function rowOf(folder: string): string {
  if (ROWS.some((row) => row.folder === folder)) return folder;
  return rowOf(folder.slice(0, folder.lastIndexOf("/")));
}

function isOfPackage(pattern: string, target: string): boolean {
  const source = pattern.replaceAll(/\*+/g, (stars) => (stars === "**" ? ".+" : "[^/]+"));
  return new RegExp(`^${source}$`).test(target);
}

/** The dashboard fetches pages of its own when they are shown: in its own room there is no wall. */
function hidesImport(file: string): boolean {
  const text = readFileSync(`src/${file}`, "utf8");
  const isPages = file.startsWith("dashboard/");
  return HIDDEN_IMPORT.test(isPages ? text.replaceAll('import("#dashboard/', "") : text);
}
