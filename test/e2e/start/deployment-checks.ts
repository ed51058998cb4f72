/** What `npm run deploy` runs before anything else: it stops at what would cost later, and says what to do. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Checks } from "../checks.ts";

const SCRIPT = resolve("scripts/check-deployment.ts");

type Edit = (toml: string) => string;

const named: Edit = (toml) => toml.replace("mcpg.local", "mcpg.example.com");
const created: Edit = (toml) =>
  toml.replaceAll("00000000-0000-0000-0000-", "12345678-0000-0000-0000-");
const routed: Edit = (toml) => toml.replace("# routes =", "routes =");

export function checkDeployment(checks: Checks): void {
  const cases: [told: string[], edits: Edit[]][] = [
    [["MCPG_ORIGIN", "DIRECTORY", "SHARD_0", "routes"], []],
    [["MCPG_ORIGIN"], [created, routed]],
    [
      ["DIRECTORY", "SHARD_0"],
      [named, routed],
    ],
    [["routes"], [named, created]],
    [[], [named, created, routed]],
  ];
  for (const [told, edits] of cases) {
    const { status, stderr } = runCheck(edits);
    const lines = stderr.split("\n").filter((line) => line.startsWith("wrangler.toml: "));
    const all = ["MCPG_ORIGIN", "DIRECTORY", "SHARD_0", "routes"];
    const names = all.filter((name) => lines.some((line) => line.includes(name)));
    checks.equal(
      `a deployment is refused for [${told}]`,
      [status, names],
      [told.length && 1, told],
    );
  }
}

function runCheck(edits: readonly Edit[]): { status: number | null; stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), "mcpg-deploy-"));
  try {
    const toml = edits.reduce((text, edit) => edit(text), readFileSync("wrangler.toml", "utf8"));
    writeFileSync(join(folder, "wrangler.toml"), toml);
    return spawnSync(process.execPath, [SCRIPT], { cwd: folder, encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
