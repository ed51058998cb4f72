// The policy engine's Worker as two modules, as wrangler builds it for a deployment: what `npm start`, the suites and
// the benchmarks run beside the control plane.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bundleWorker } from "./worker-bundle.ts";

/** As wrangler.policy.toml and wrangler.toml name it. */
export const POLICY_WORKER = "mcpg-policy";

const WASM = "cedar_wasm_bg.wasm";

/** The script, which a text is enough for; the module it imports lies in node_modules. */
export function bundlePolicyWorker(): Promise<string> {
  return bundleWorker("src/policy-worker.ts");
}

/** A Worker of Miniflare's. */
export function policyWorkerOptions(script: string) {
  const folder = dirname(createRequire(import.meta.url).resolve("@cedar-policy/cedar-wasm/nodejs"));
  return {
    name: POLICY_WORKER,
    compatibilityDate: "2026-11-01",
    modules: [
      { type: "ESModule" as const, path: "policy.mjs", contents: script },
      {
        type: "CompiledWasm" as const,
        path: WASM,
        contents: new Uint8Array(readFileSync(join(folder, "..", "esm", WASM))),
      },
    ],
  };
}
