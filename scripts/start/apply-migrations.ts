import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";
import { spawnWrangler } from "./spawn-wrangler.ts";

/**
 * One database after the other: two wranglers at once would write one metadata file. The bindings
 * come from wrangler.toml, so that another shard is migrated without a change here.
 */
export async function applyMigrations(stateDir: string, signal: AbortSignal): Promise<void> {
  for (const binding of databaseBindings(readFileSync("wrangler.toml", "utf8"))) {
    await applyTo(binding, stateDir, signal);
  }
}

function databaseBindings(wranglerToml: string): string[] {
  const tables = wranglerToml.split(/^\[\[d1_databases\]\]$/m).slice(1);
  return tables.flatMap((table) => table.match(/^binding = "(\w+)"$/m)?.[1] ?? []);
}

/** Silent when it succeeds: wrangler's table of check marks tells a user nothing. */
async function applyTo(binding: string, stateDir: string, signal: AbortSignal): Promise<void> {
  const options = ["--local", "--persist-to", stateDir];
  const wrangler = spawnWrangler(["d1", "migrations", "apply", binding, ...options]);
  const stop = () => wrangler.stdin.destroy();
  signal.addEventListener("abort", stop);
  const closed = new Promise<number | null>((resolve) => wrangler.once("close", resolve));
  const [out, err, code] = await Promise.all([
    text(wrangler.stdout),
    text(wrangler.stderr),
    closed,
  ]);
  signal.removeEventListener("abort", stop);
  signal.throwIfAborted();
  if (code !== 0) {
    const said = stripVTControlCharacters(`${out}${err}`).trim();
    throw new Error(`the migrations of ${binding} failed:\n${said}`);
  }
}
