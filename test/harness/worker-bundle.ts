/** A Worker as one module, built once a process for each entry: suites start the same Worker many times. */
import { resolve } from "node:path";
import type { Plugin } from "esbuild";
import { bundleWorker } from "../../scripts/worker-bundle.ts";

const bundles = new Map<string, Promise<string>>();

/** `checkout`: the folder of whose sources it is built; default this one. */
export function workerBundle(entry: string, checkout = "."): Promise<string> {
  const key = `${resolve(checkout)}\0${entry}`;
  const known = bundles.get(key);
  if (known !== undefined) return known;
  const bundled = bundleWorker(entry, checkout === "." ? {} : sourcesOf(resolve(checkout)));
  bundles.set(key, bundled);
  return bundled;
}

const IS_THERE = Symbol("resolved in the other checkout");

/**
 * Whatever is imported by name (`imports` of package.json) is the other checkout's, by the entry too. What that one
 * has not installed it finds here.
 */
function sourcesOf(checkout: string) {
  const names: Plugin = {
    name: "sources-of-another-checkout",
    setup({ onResolve, resolve: resolveThere }) {
      onResolve({ filter: /^#/ }, ({ path, kind, pluginData }) => {
        if (pluginData === IS_THERE) return undefined;
        return resolveThere(path, { kind, resolveDir: checkout, pluginData: IS_THERE });
      });
    },
  };
  return { plugins: [names], nodePaths: [resolve("node_modules")] };
}
