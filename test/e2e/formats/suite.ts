/**
 * `formats/` runs in any runtime: checked with a browser's types, bundled for a browser, and run in one
 * where it is installed.
 */
import { spawnSync } from "node:child_process";
import { Checks, type Verdict } from "../checks.ts";
import { bundleFormats, formatFiles } from "./browser-bundle.ts";
import type { BrowserFinding } from "./browser-checks.ts";
import { hasChromium, runInChromium } from "./browser-page.ts";

/**
 * All of it took 111.1 KiB, 42.5 of gzip, when tar and the judging of prunings had come; three tenths of that are
 * Ed25519, SHA-2 and protobuf's wire. The headroom is less than a library that comes with a format.
 */
const SIZE_KIB_MAX = 120;
const GZIP_KIB_MAX = 46;

export async function runFormatsSuite(): Promise<Verdict> {
  const checks = new Checks("formats");
  try {
    checkTypes(checks);
    await checkBundle(checks);
    if (hasChromium()) await checkBrowser(checks);
    else reportMissing(checks);
  } catch (error) {
    checks.report("the suite runs to its end", [String(error)]);
  }
  return checks.verdict;
}

/** Of any global that browsers lack, though it stand in a function that nothing calls here. */
function checkTypes(checks: Checks): void {
  const { stdout } = spawnSync("node_modules/.bin/tsc", ["-p", "src/formats"], {
    encoding: "utf8",
  });
  checks.report("a browser's types are enough", stdout.split("\n").filter(Boolean));
}

async function checkBundle(checks: Checks): Promise<void> {
  const { sizeKib, gzipKib, external, files } = await bundleFormats();
  const sizes = `${sizeKib.toFixed(1)} KiB, gzip ${gzipKib.toFixed(1)}`;
  checks.report("a browser's bundle needs nothing from outside", external);
  const ours = formatFiles();
  const differing = [...new Set([...files, ...ours])].filter(
    (path) => !(files.includes(path) && ours.includes(path)),
  );
  checks.report("it has every file of src/formats and none of another room", differing);
  checks.report(
    `it is within ${SIZE_KIB_MAX} KiB, gzip ${GZIP_KIB_MAX}`,
    sizeKib <= SIZE_KIB_MAX && gzipKib <= GZIP_KIB_MAX ? [] : [`it has ${sizes}`],
    sizes,
  );
}

async function checkBrowser(checks: Checks): Promise<void> {
  const { script } = await bundleFormats(
    `import { findings } from "./test/e2e/formats/browser-checks.ts";
     document.getElementById("result").textContent = findings();`,
  );
  const result = Buffer.from(await runInChromium(script), "base64").toString();
  for (const { guarantee, problems, seen } of JSON.parse(result) as BrowserFinding[]) {
    checks.report(`in Chromium, ${guarantee}`, problems, seen);
  }
}

function reportMissing(checks: Checks): void {
  const { CI: ci } = process.env;
  const missing = "chromium is not installed (Debian: apt install chromium)";
  if (ci === "true") checks.report("runs in a browser", [missing]);
  else console.error(`!!! SKIPPED: ${missing}, so no browser has run the formats`);
}
