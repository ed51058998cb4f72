/** Packs under attack: each is refused, or every tool extracts from it what was verified. */
import { execFile } from "node:child_process";
import { appendFile, copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import {
  headerOffsets,
  type RawHeader,
  rawMember,
  TAR_END,
  withChecksum,
} from "../../harness/raw-tar.ts";
import { FORGE } from "./tar-tools.ts";

const run = promisify(execFile);
const FORGED = '{"action":"forged"}\n';
const ENTRIES = "entries.ndjson";
/** Other bytes each day would find more, and would fail on a day when nothing was changed. */
const SEED = 9;

/** Writes them into `folder`; those named honest-… hold what the honest pack holds. */
export async function writeForgeries(honest: string, folder: string): Promise<void> {
  await run("python3", [FORGE, "forge", honest, folder]);
  await writeRawForgeries(await readFile(honest), folder);
  const files = join(folder, "../files");
  await mkdir(join(files, "evil"), { recursive: true });
  await run("tar", ["-xf", honest, "-C", files]);
  await writeFile(join(files, "evil", ENTRIES), FORGED);
  const names = (await readdir(files)).filter((name) => name !== "evil");
  await writeByGnuTar({ honest, folder, files, names });
  await writeByBsdtar({ honest, folder, files, names });
}

interface Tree {
  honest: string;
  folder: string;
  files: string;
  names: string[];
}

async function writeByGnuTar({ honest, folder, files, names }: Tree): Promise<void> {
  const tar = (...args: string[]) => run("tar", ["-C", files, ...args]);
  for (const form of ["gnu", "ustar", "posix"]) {
    await tar(`--format=${form}`, "-cf", join(folder, `honest-gnu-${form}.tar`), ...names);
    const whole = ["--exclude=./evil", "-cf", join(folder, `honest-gnu-${form}-folder.tar`), "."];
    await tar(`--format=${form}`, ...whole);
  }
  await tar("--format=v7", "-cf", join(folder, "gnu-v7.tar"), ...names);
  const appended = async (label: string, ...args: string[]) => {
    const path = join(folder, `gnu-${label}.tar`);
    await copyFile(honest, path);
    await run("tar", ["-C", join(files, "evil"), "-P", ...args, "-rf", path, ENTRIES]);
  };
  await appended("appended");
  await appended("appended-absolute", "--transform=s,^,/,");
  await appended("appended-dots", "--transform=s,^,././,");
  await appended("appended-long", `--transform=s,^,${"./".repeat(60)},`, "--format=gnu");
  await appended("appended-pax", "--format=posix", `--pax-option=path:=${ENTRIES}`);
  await run("truncate", ["-s", "2M", join(files, "evil", ENTRIES)]);
  for (const form of ["gnu", "posix"]) {
    await appended(`appended-sparse-${form}`, "-S", `--format=${form}`);
  }
  await writeFile(join(files, "evil", ENTRIES), FORGED);
}

async function writeByBsdtar({ honest, folder, files, names }: Tree): Promise<void> {
  const bsdtar = (...args: string[]) => run("bsdtar", ["-C", files, ...args]);
  try {
    for (const form of ["ustar", "gnutar", "pax"]) {
      await bsdtar("--format", form, "-cf", join(folder, `honest-bsd-${form}.tar`), ...names);
    }
    for (const form of ["cpio", "zip"]) {
      await bsdtar("--format", form, "-cf", join(folder, `bsd-${form}.tar`), ...names);
    }
    const appended = join(folder, "bsd-appended.tar");
    await copyFile(honest, appended);
    await run("bsdtar", ["-C", join(files, "evil"), "-rf", appended, ENTRIES]);
  } catch (error) {
    // The suite has said that it is not installed.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

const INTRUDERS: Readonly<Record<string, RawHeader>> = {
  "base-256": { size: "\u{80}\0\0\0\0\0\0\0\0\0\0\u{14}" },
  negative: { size: "\u{ff}".repeat(12) },
  overflow: { size: "77777777777\0" },
  "not-octal": { size: "0000000008x\0" },
  underscored: { size: "000_000_024\0" },
  blank: { size: "         24 " },
  "size-and-more": { size: "24\u{0}000000000" },
  "wrong-checksum": { checksum: "012345\0 " },
  "no-checksum": { checksum: "\0".repeat(8) },
  prefix: { prefix: "." },
  "gnu-prefix": { magic: "ustar  \0", prefix: "." },
  "no-magic": { magic: "\0".repeat(8) },
  "nul-in-name": { name: `${ENTRIES}\0x` },
  backslash: { name: `.\\${ENTRIES}` },
  "old-trailing-slash": { name: `${ENTRIES}/`, type: "\0" },
  "link-name": { linkName: "log.json" },
  "pax-that-lies": { type: "x", name: "pax", body: `99 path=${ENTRIES}\n` },
  "volume-label": { type: "V", name: "label", body: "" },
};

async function writeRawForgeries(honest: Buffer, folder: string): Promise<void> {
  const end = honest.length - TAR_END.length;
  const write = (label: string, ...parts: Uint8Array[]) =>
    writeFile(join(folder, `${label}.tar`), Buffer.concat(parts));
  for (const [label, header] of Object.entries(INTRUDERS)) {
    const intruder = rawMember({ name: ENTRIES, body: FORGED, ...header });
    await write(`raw-${label}-last`, honest.subarray(0, end), intruder, TAR_END);
    await write(`raw-${label}-first`, intruder, honest);
  }
  const twin = rawMember({ name: ENTRIES, body: FORGED });
  await write("raw-lone-zero-block", honest.subarray(0, end), new Uint8Array(512), twin, TAR_END);
  await write("raw-after-the-end", honest, twin, TAR_END);
  await write("raw-far-after-the-end", honest, new Uint8Array(100_000), twin, TAR_END);
  await write("raw-trailing-text", honest, Buffer.from("and more\n"));
  await write("raw-cut", honest.subarray(0, end - 700));
  await write("honest-raw-record", honest, new Uint8Array(9_216));
  const bent = bentHeaders(honest);
  for (const [at, tar] of bent.entries()) await write(`bent-${at}`, tar);
  await copyFile(join(folder, "compressed.tar"), join(folder, "compressed-twice.tar"));
  const compressed = await readFile(join(folder, "compressed.tar"));
  await appendFile(join(folder, "compressed-twice.tar"), compressed);
}

/** Some bytes of a header changed, with the checksum that fits: most are refused, the rest is harmless. */
function bentHeaders(honest: Buffer): Uint8Array[] {
  const offsets = headerOffsets(honest);
  const change = fc.tuple(
    fc.constantFrom(...offsets),
    fc.oneof(fc.nat({ max: 511 }), fc.constantFrom(0, 99, 100, 108, 124, 136, 156, 265, 297, 345)),
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
  );
  return fc.sample(change, { seed: SEED, numRuns: 60 }).map(([offset, at, bytes]) => {
    const bent = Buffer.from(honest);
    const block = bent.subarray(offset, offset + 512);
    block.set(bytes.subarray(0, 512 - at), at);
    block.set(withChecksum(block));
    return bent;
  });
}
