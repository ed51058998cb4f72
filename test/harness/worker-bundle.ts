/** A Worker as one module, built as wrangler builds it. */
import { build } from "esbuild";

const bundles = new Map<string, Promise<string>>();

/** Once a process for each entry: suites start the same Worker many times. */
export function workerBundle(entry: string): Promise<string> {
  const known = bundles.get(entry);
  if (known !== undefined) return known;
  const bundled = build({
    entryPoints: [entry],
    write: false,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? "");
  bundles.set(entry, bundled);
  return bundled;
}
