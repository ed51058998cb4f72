/**
 * `node test/e2e/ledger/verify-cli.ts`: the real `verify` command on honest logs and on every attack,
 * from a server, packs and files. Logs are made of the spec: no Worker runs.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Checks, type Verdict } from "../checks.ts";
import { checkEvidenceAttacks, checkSignerAttacks } from "./verify/evidence-attacks.ts";
import { checkFreshness, checkKeptHistory, checkStateFile } from "./verify/history-checks.ts";
import { checkHonestLogs, checkHonestShortcomings } from "./verify/honest-checks.ts";
import { checkLineAttacks } from "./verify/line-attacks.ts";
import { checkMemory } from "./verify/memory-checks.ts";
import { checkServerAttacks, checkServerTroubles } from "./verify/online-checks.ts";
import { checkStockTools } from "./verify/stock-tool-checks.ts";
import { checkReport, checkUsage } from "./verify/usage-checks.ts";

const PARTS: Record<string, (checks: Checks, folder: string) => Promise<void>> = {
  honest: checkHonestLogs,
  shortcomings: checkHonestShortcomings,
  lines: checkLineAttacks,
  evidence: checkEvidenceAttacks,
  signers: checkSignerAttacks,
  server: checkServerAttacks,
  troubles: checkServerTroubles,
  history: checkKeptHistory,
  state: checkStateFile,
  freshness: checkFreshness,
  usage: checkUsage,
  report: checkReport,
  tools: checkStockTools,
  memory: checkMemory,
};

export async function runVerifySuite(wanted: readonly string[] = []): Promise<Verdict> {
  const checks = new Checks("verify");
  const folder = await mkdtemp(join(tmpdir(), "mcpg-verify-"));
  try {
    for (const [name, run] of Object.entries(PARTS)) {
      if (wanted.length === 0 || wanted.includes(name)) await run(checks, folder);
    }
  } catch (error) {
    checks.report("the suite runs to its end", [String(error)]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return checks.verdict;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { passed, failed } = await runVerifySuite(process.argv.slice(2));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
