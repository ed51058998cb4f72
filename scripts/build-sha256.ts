// SHA-256 as a WebAssembly module, in a file of dist/wasm, which git ignores: Workers compile no WebAssembly at run time,
// they import it. hash-wasm, whose it is, has it as text within its script alone.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
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
  requireExports(bytes);
  putFile(PATH, bytes);
}

/** Beside a Worker's script, for Miniflare. */
export function sha256Module() {
  const contents = new Uint8Array(readFileSync(PATH));
  return { type: "CompiledWasm" as const, path: "sha256.wasm", contents };
}

/** They are hash-wasm's own affair, not its interface: of a version that changed them nothing is built. */
function requireExports(bytes: Uint8Array<ArrayBuffer>): void {
  const exported = WebAssembly.Module.exports(compile(bytes)).map(({ name }) => name);
  for (const name of ["memory", "Hash_GetBuffer", "Hash_Init", "Hash_Update", "Hash_Final"]) {
    if (!exported.includes(name)) throw new Error(`hash-wasm's module does not export ${name}`);
  }
}

/** Its types are the Workers', which compile none. */
function compile(bytes: Uint8Array): WebAssembly.Module {
  const Module = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module;
  return new Module(bytes);
}

if (import.meta.main) buildSha256();
