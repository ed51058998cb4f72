/** A Worker as one module, built once a process for each entry: suites start the same Worker many times. */
import { bundleWorker } from "../../scripts/worker-bundle.ts";

const bundles = new Map<string, Promise<string>>();

export function workerBundle(entry: string): Promise<string> {
  const known = bundles.get(entry);
  if (known !== undefined) return known;
  const bundled = bundleWorker(entry);
  bundles.set(entry, bundled);
  return bundled;
}
