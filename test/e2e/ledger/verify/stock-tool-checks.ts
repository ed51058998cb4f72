/** That our logs are what anyone's tools say they are: OpenSSL, coreutils, Sigstore's verifier. */
import { execFile } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { entryHash } from "#formats/ledger/entry.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { parseNote } from "#formats/tlog/signed-note.ts";
import { parseTlogProof } from "#formats/tlog/tlog-proof.ts";
import type { SyntheticLog } from "../../../harness/synthetic-log.ts";
import { proofOf } from "../../../harness/synthetic-pack.ts";
import type { Checks } from "../../checks.ts";
import { plainLog } from "./sample-logs.ts";

const run = promisify(execFile);
/** RFC 8410: SubjectPublicKeyInfo of an Ed25519 key, before its 32 bytes. */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

function publicKeyDer(log: SyntheticLog): Buffer {
  return Buffer.concat([SPKI_PREFIX, parseVkey(log.vkey)!.publicKey]);
}

export async function checkStockTools(checks: Checks, folder: string): Promise<void> {
  const log = plainLog(300);
  await checkOpenssl(checks, folder, log);
  await checkSha256sum(checks, folder, log);
  checkSigstore(checks, log);
}

async function isInstalled(tool: string, ...args: string[]): Promise<boolean> {
  return run(tool, args).then(
    () => true,
    () => false,
  );
}

async function checkOpenssl(checks: Checks, folder: string, log: SyntheticLog): Promise<void> {
  if (!(await isInstalled("openssl", "version"))) return skip(checks, "openssl");
  const [key, text, signature] = ["pub.der", "note.txt", "sig.bin"].map((name) =>
    join(folder, name),
  );
  const note = parseNote(log.checkpoint ?? "")!;
  await writeFile(key!, publicKeyDer(log));
  await writeFile(signature!, note.signatures[0]!.signature);
  const verify = async (content: string) => {
    await writeFile(text!, content);
    const args = ["-verify", "-pubin", "-keyform", "DER", "-inkey", key!, "-rawin"];
    return isInstalled("openssl", "pkeyutl", ...args, "-in", text!, "-sigfile", signature!);
  };
  checks.equal("openssl verifies the head", await verify(note.text), true);
  checks.equal("and not another", await verify(note.text.replace("300", "301")), false);
}

async function checkSha256sum(checks: Checks, folder: string, log: SyntheticLog): Promise<void> {
  if (!(await isInstalled("sha256sum", "--version"))) return skip(checks, "sha256sum");
  const paths = await Promise.all(
    log.entries.map(async (bytes, seq) => {
      const path = join(folder, `line-${seq}`);
      await writeFile(path, bytes);
      return path;
    }),
  );
  const { stdout } = await run("sha256sum", paths);
  const sums = stdout.split("\n").map((line) => line.slice(0, 64));
  const problems = log.entries.flatMap((bytes, seq) => {
    const { previous_hash: previous } = JSON.parse(new TextDecoder().decode(bytes));
    const isHash = sums[seq] === entryHash(bytes);
    const follows = seq === 0 ? /^0{64}$/.test(previous) : previous === sums[seq - 1];
    return isHash && follows ? [] : [`entry ${seq} has ${sums[seq]}`];
  });
  checks.report("sha256sum follows the chain", problems, `${log.entries.length} lines`);
}

interface Sigstore {
  verifyCheckpoint(entry: object, tlogs: readonly object[]): object;
  verifyMerkleInclusion(entry: object, checkpoint: object): void;
}

function checkSigstore(checks: Checks, log: SyntheticLog): void {
  const require = createRequire(import.meta.url);
  const { verifyCheckpoint } = require("@sigstore/verify/dist/tlog/checkpoint.js") as Sigstore;
  const { verifyMerkleInclusion } = require("@sigstore/verify/dist/tlog/merkle.js") as Sigstore;
  const key = parseVkey(log.vkey)!;
  const publicKey = createPublicKey({ key: publicKeyDer(log), format: "der", type: "spki" });
  const tlogs = [{ logID: Buffer.from(key.id), baseURL: log.origin, publicKey }];
  const problems: string[] = [];
  for (let seq = 0; seq < log.size; seq += 13) {
    const { hashes } = parseTlogProof(proofOf(log, seq))!;
    const inclusionProof = {
      checkpoint: { envelope: log.checkpoint },
      logIndex: String(seq),
      hashes: hashes.map((hash) => Buffer.from(hash)),
    };
    const isIn = (bytes: Uint8Array) => {
      const entry = { inclusionProof, canonicalizedBody: Buffer.from(bytes) };
      try {
        verifyMerkleInclusion(entry, verifyCheckpoint(entry, tlogs));
        return true;
      } catch {
        return false;
      }
    };
    if (!isIn(log.entries[seq]!)) problems.push(`entry ${seq} is not found`);
    if (isIn(log.entries[(seq + 1) % log.size]!)) problems.push(`another passes for entry ${seq}`);
  }
  checks.report("@sigstore/verify finds the entries under the head, and no others", problems);
}

/** Loudly, and where CI runs it is a failure. */
function skip(checks: Checks, tool: string): void {
  if (process.env["CI"] === "true") checks.report(`${tool} is installed`, ["it is not"]);
  else console.log(`SKIPPED ${tool} is not installed`);
}
