/** The verifier as one file, as an auditor takes it: alone in a folder, run by a Node that has nothing installed. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Checks } from "../checks.ts";
import { runProgram } from "../run-program.ts";
import type { NpmStart } from "./npm-start.ts";

export async function checkVerifier(checks: Checks, start: NpmStart): Promise<void> {
  const served = await start.send("GET", "/verify.mjs");
  const text = await served.text();
  checks.equal(
    "serves the verifier as a script, whose type is no guess",
    [
      served.status,
      served.headers.get("content-type")?.split(";")[0],
      served.headers.get("x-content-type-options"),
    ],
    [200, "text/javascript", "nosniff"],
  );
  const built = await readFile("dist/dashboard/verify.mjs");
  checks.equal(
    "it is the one that is built here, to the byte",
    sha256(Buffer.from(text)),
    sha256(built),
  );
  const folder = await mkdtemp(join(tmpdir(), "mcpg-auditor-"));
  try {
    await writeFile(join(folder, "verify.mjs"), text);
    await writeFile(join(folder, "token"), await start.token("local-token"));
    const log = ["--url", `http://127.0.0.1:${start.port}`, "--org", "default"];
    const kept = ["--token-file", "token", "--state", "state.json", "--json"];
    const verify = () => runProgram(bareNode(), ["verify.mjs", ...log, ...kept], folder);
    // The first run keeps the key, and ends with UNPINNED.
    await verify().catch(() => {});
    const found = JSON.parse(await verify()) as { exit_code: number };
    checks.equal("a bare Node verifies the log with it", found.exit_code, 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The system's, not the one that npm scripts run on. */
function bareNode(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const programs = folders.filter((folder) => !folder.includes("node_modules"));
  return programs.map((folder) => join(folder, "node")).find(existsSync) ?? process.execPath;
}
