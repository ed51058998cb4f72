/** A page opened in Debian's Chromium, which ends when its scripts have run. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A start takes one second and the checks another; a loaded machine takes ten times that. */
const PAGE_MS_MAX = 60_000;

/** Nothing leaves the machine, and nothing needs a display, a sandbox of the kernel or a keyring. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function hasChromium(): boolean {
  return spawnSync("chromium", ["--version"]).error === undefined;
}

/** What `script`, a module, wrote into the element `result`. */
export async function runInChromium(script: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mcpg-page-"));
  try {
    const page = join(folder, "page.html");
    await writeFile(page, pageOf(script));
    return resultIn(await dumpPage(page, folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An error that nothing catches is the page's title. */
function pageOf(script: string): string {
  return `<!doctype html><meta charset="utf-8"><title>no error</title><pre id="result"></pre>
<script>onerror = (message) => { document.title = message; };</script>
<script type="module">${script}</script>`;
}

async function dumpPage(page: string, folder: string): Promise<string> {
  const profile = `--user-data-dir=${join(folder, "profile")}`;
  const { stdout } = await promisify(execFile)(
    "chromium",
    [...FLAGS, profile, "--dump-dom", `file://${page}`],
    { timeout: PAGE_MS_MAX, killSignal: "SIGKILL", maxBuffer: 16 * 1024 * 1024 },
  );
  return stdout;
}

function resultIn(dom: string): string {
  const text = /<pre id="result">([^<]*)<\/pre>/.exec(dom)?.[1] ?? "";
  const error = /<title>([^<]*)<\/title>/.exec(dom)?.[1];
  if (text === "") throw new Error(`the page wrote no result: ${error}`);
  return text;
}
