// SHA-256 as a WebAssembly module, in a file of dist/wasm, which git ignores: Workers compile no WebAssembly at run time,
// they import it. hash-wasm, whose it is, has it as text within its script alone.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Sha256Exports } from "#formats/sha256-workerd.ts";
import { putFile } from "./put-file.ts";

/** As `imports` of package.json names it. */
const PATH = "dist/wasm/sha256.wasm";

/** Base64 of a module: all begin with the same four bytes. */
const MODULES = /"(AGFzbQ[A-Za-z0-9+/]+=*)"/g;

export function buildSha256(): void {
  const folder = dirname(createRequire(import.meta.url).resolve("hash-wasm"));
  const script = readFileSync(join(folder, "sha256.umd.min.js"), "utf8");
  const [text, ...others] = Array.from(script.matchAll(MODULES), ([, base64]) => base64!);
  if (text === undefined || others.length > 0) throw new Error("hash-wasm: not one module");
  const bytes = new Uint8Array(Buffer.from(text, "base64"));
  requireSha256(bytes);
  putFile(PATH, bytes);
}

/** Beside a Worker's script, for Miniflare. */
export function sha256Module() {
  const contents = new Uint8Array(readFileSync(PATH));
  return { type: "CompiledWasm" as const, path: "sha256.wasm", contents };
}

/** What it exports is hash-wasm's own affair, not its interface: of a version that changed it nothing is built. */
function requireSha256(bytes: Uint8Array): void {
  const { exports } = new WebAssembly.Instance(compile(bytes), {});
  const hash = exports as unknown as Sha256Exports;
  const hashed = Buffer.alloc(HASHED_BYTES, "abc");
  const buffer = new Uint8Array(hash.memory.buffer, hash.Hash_GetBuffer(), HASHED_BYTES);
  hash.Hash_Init(256);
  buffer.set(hashed);
  hash.Hash_Update(HASHED_BYTES);
  hash.Hash_Final();
  const digest = createHash("sha256").update(hashed).digest();
  if (!digest.equals(buffer.subarray(0, digest.length))) throw new Error("hash-wasm: no SHA-256");
}

/** As sha256-workerd.ts has it hash at most. */
const HASHED_BYTES = 640;

/** Its types are the Workers', which compile none. */
function compile(bytes: Uint8Array): WebAssembly.Module {
  const Module = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module;
  return new Module(bytes);
}

if (import.meta.main) buildSha256();
