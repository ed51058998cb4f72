import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { sha256Module } from "../build-sha256.ts";
import { policyWorkerOptions } from "../policy-bundle.ts";

type V4Options = Parameters<typeof convertV4MiniflareOptions>[0];

/** Of the runtime, whichever Workers it runs. */
interface SharedOptions {
  port?: number | undefined;
  inspectorPort?: number | undefined;
}

interface LocalOptions extends SharedOptions, Record<string, unknown> {
  script: string;
  /** With it runs the policy engine, too. */
  policyScript?: string;
}

/** A runtime on the databases of the state folder, on this machine alone. */
export function miniflareOf(
  stateDir: string,
  { script, policyScript, port, inspectorPort, ...options }: LocalOptions,
): Miniflare {
  const control = {
    modules: [{ type: "ESModule", path: "worker.mjs", contents: script }, sha256Module()],
    ...options,
  };
  const all = {
    host: "127.0.0.1",
    port,
    inspectorPort,
    // No network: what Cloudflare's edge would say of a request is made up.
    cf: false,
    log: new Log(LogLevel.WARN),
    // The folder that `wrangler dev --persist-to <stateDir>` uses.
    resourcePersistencePath: join(stateDir, "v3"),
    workers: [control, ...(policyScript === undefined ? [] : [policyWorkerOptions(policyScript)])],
  };
  return new Miniflare(convertV4MiniflareOptions(all as V4Options));
}
