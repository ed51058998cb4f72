import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";

type V4Options = Parameters<typeof convertV4MiniflareOptions>[0];

/** A runtime on the databases of the state folder, on this machine alone. */
export function miniflareOf(
  stateDir: string,
  { script, ...options }: Record<string, unknown>,
): Miniflare {
  const all = {
    host: "127.0.0.1",
    // No network: what Cloudflare's edge would say of a request is made up.
    cf: false,
    log: new Log(LogLevel.WARN),
    // The folder that `wrangler dev --persist-to <stateDir>` uses.
    resourcePersistencePath: join(stateDir, "v3"),
    modules: [{ type: "ESModule", path: "worker.mjs", contents: script }],
    ...options,
  };
  return new Miniflare(convertV4MiniflareOptions(all as V4Options));
}
