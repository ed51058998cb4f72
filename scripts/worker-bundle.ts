// The Worker as one module, as wrangler builds it for a deployment: what `npm start`, the suites and the
// benchmarks run.
import { type BuildOptions, build, type Plugin } from "esbuild";

/** A wasm module stays a file of its own, beside the script. */
const wasmBeside: Plugin = {
  name: "wasm-beside",
  setup({ onResolve }) {
    onResolve({ filter: /\.wasm$/ }, ({ path }) => ({
      path: `./${path.slice(path.lastIndexOf("/") + 1)}`,
      external: true,
    }));
  },
};

export async function bundleWorker(
  entry: string,
  { plugins = [], nodePaths = [] }: Pick<BuildOptions, "plugins" | "nodePaths"> = {},
): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    write: false,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*", "cloudflare:*"],
    plugins: [wasmBeside, ...plugins],
    nodePaths,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}
