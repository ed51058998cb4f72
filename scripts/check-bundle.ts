// What the gate runs after `wrangler deploy --dry-run --outdir dist --metafile`: how large the Worker is,
// which each isolate that starts has to load, and what makes it so where it is too large.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const DIST = "dist";
const METAFILE = "bundle-meta.json";

/**
 * 1,522 KiB and 371 of gzip were measured with one schema library in it, typebox, and of that only what checks
 * JSON Schema (zod beside it is 950 KiB, `typebox/compile` instead of `typebox/schema` 208); what is ours is 740.
 * The rest is headroom. The platform takes 3 MB of gzip on its free plan, 10 on the other.
 */
const UPLOAD_KIB_MAX = 1_600;
const GZIP_KIB_MAX = 390;
const INPUTS_SHOWN = 15;

interface Metafile {
  outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }>;
}

function main(): number {
  // What is uploaded; the rest wrangler writes for people.
  const names = readdirSync(DIST).filter((name) => /\.(m?js|wasm|bin|txt|html)$/.test(name));
  const files = names.map((name) => readFileSync(join(DIST, name)));
  const uploadKib = sum(files.map(({ length }) => length)) / 1024;
  const gzipKib = gzipSync(Buffer.concat(files)).length / 1024;
  const isSmall = files.length > 0 && uploadKib <= UPLOAD_KIB_MAX && gzipKib <= GZIP_KIB_MAX;
  console.log(
    `${isSmall ? "ok    " : "FAILED"}  the Worker has ${uploadKib.toFixed(0)} KiB of at most ${UPLOAD_KIB_MAX}, gzip ${gzipKib.toFixed(0)} KiB of at most ${GZIP_KIB_MAX}`,
  );
  if (!isSmall) printLargest(JSON.parse(readFileSync(join(DIST, METAFILE), "utf8")) as Metafile);
  return isSmall ? 0 : 1;
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

process.exitCode = main();
