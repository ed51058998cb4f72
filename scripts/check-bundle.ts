// What the gate runs after `wrangler deploy --dry-run --outdir dist --metafile`, and the same of the policy engine into
// dist/policy: how large the Workers are, which each isolate that starts has to load, and what makes them so; and, of
// what scripts/build-dashboard.ts built, how much a browser loads before it shows the dashboard.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DASHBOARD_SIZES, type DashboardSizes } from "./build-dashboard.ts";

const METAFILE = "bundle-meta.json";

interface Limits {
  readonly name: string;
  readonly folder: string;
  readonly uploadKibMax: number;
  readonly gzipKibMax: number;
}

/** The platform takes 3 MB of gzip on its free plan, 10 on the other. */
const WORKERS: readonly Limits[] = [
  // 2,407 KiB and 592 of gzip were measured with SHA-256's wasm in it, 9; with secretlint's rules for payloads in it, 144 of it, and with one schema library in it, typebox, and of that only what checks
  // JSON Schema (zod beside it is 950 KiB, `typebox/compile` instead of `typebox/schema` 208, `import { Type }` instead
  // of `* as Type` 209); 33 are jose. The rest is headroom.
  { name: "the Worker", folder: "dist", uploadKibMax: 2_460, gzipKibMax: 610 },
  // 4,262 and 1,423, nearly all of it Cedar's wasm: no org without a policy loads it.
  { name: "the policy engine", folder: "dist/policy", uploadKibMax: 4_400, gzipKibMax: 1_470 },
];
const INPUTS_SHOWN = 15;

/**
 * Scripts and styles that the page names, by gzip: 80 KiB are 0.4 s at 1.6 Mbit/s, the slow 4G of the field's tools.
 * What is asked for when it is needed, and the worker that checks proofs, come on top.
 */
const FIRST_LOAD_KIB_MAX = 80;

interface Metafile {
  outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }>;
}

function isSmall({ name, folder, uploadKibMax, gzipKibMax }: Limits): boolean {
  // What is uploaded; the rest wrangler writes for people.
  const names = readdirSync(folder).filter((file) => /\.(m?js|wasm|bin|txt|html)$/.test(file));
  const scripts = names.filter((file) => /\.m?js$/.test(file));
  const text = scripts.map((file) => readFileSync(join(folder, file), "utf8")).join("");
  // A module that no script imports is of an earlier build.
  const uploaded = names.filter((file) => scripts.includes(file) || text.includes(file));
  const files = uploaded.map((file) => readFileSync(join(folder, file)));
  const uploadKib = sum(files.map(({ length }) => length)) / 1024;
  const gzipKib = gzipSync(Buffer.concat(files)).length / 1024;
  const isWithin = files.length > 0 && uploadKib <= uploadKibMax && gzipKib <= gzipKibMax;
  console.log(
    `${isWithin ? "ok    " : "FAILED"}  ${name} has ${uploadKib.toFixed(0)} KiB of at most ${uploadKibMax}, gzip ${gzipKib.toFixed(0)} KiB of at most ${gzipKibMax}`,
  );
  if (!isWithin) printLargest(JSON.parse(readFileSync(join(folder, METAFILE), "utf8")) as Metafile);
  return isWithin;
}

function isQuick(): boolean {
  const sizes = JSON.parse(readFileSync(DASHBOARD_SIZES, "utf8")) as DashboardSizes;
  const gzipKib = sum(Object.values(sizes).map(({ gzipBytes }) => gzipBytes)) / 1024;
  const isWithin = gzipKib > 0 && gzipKib <= FIRST_LOAD_KIB_MAX;
  console.log(
    `${isWithin ? "ok    " : "FAILED"}  the dashboard loads gzip ${gzipKib.toFixed(1)} KiB of at most ${FIRST_LOAD_KIB_MAX}`,
  );
  for (const [path, { bytes, gzipBytes }] of isWithin ? [] : Object.entries(sizes)) {
    console.log(`${(gzipBytes / 1024).toFixed(1).padStart(10)} KiB  of ${bytes} bytes ${path}`);
  }
  return isWithin;
}

/** By package and by room: a single file says little. */
function printLargest({ outputs }: Metafile): void {
  const bytesBySource = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs),
  )) {
    const source = sourceOf(path);
    bytesBySource.set(source, (bytesBySource.get(source) ?? 0) + bytesInOutput);
  }
  const largest = [...bytesBySource].sort(([, a], [, b]) => b - a).slice(0, INPUTS_SHOWN);
  for (const [source, bytes] of largest) {
    console.log(`${(bytes / 1024).toFixed(1).padStart(10)} KiB  ${source}`);
  }
}

/** `zod`, `@noble/hashes`, `src/calls`. */
function sourceOf(path: string): string {
  const [, packageName] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  return packageName ?? path.split("/").slice(0, 2).join("/");
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

process.exitCode = [...WORKERS.map(isSmall), isQuick()].every((isWithin) => isWithin) ? 0 : 1;
