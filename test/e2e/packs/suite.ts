/** Export packs: what is verified is what is extracted, and what an auditor does by hand finds forgeries too. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Checks, type Verdict } from "../checks.ts";
import { checkByHand } from "./by-hand.ts";
import { checkExtraction } from "./extraction-checks.ts";
import { checkExitCodes, checkInputs } from "./input-checks.ts";

export async function runPacksSuite(): Promise<Verdict> {
  const checks = new Checks("packs");
  const folder = await mkdtemp(join(tmpdir(), "mcpg-packs-"));
  try {
    await checkExtraction(checks, folder);
    await checkInputs(checks, folder);
    await checkExitCodes(checks);
    await checkByHand(checks, folder);
  } catch (error) {
    checks.report("the suite runs to its end", [String((error as Error).stack ?? error)]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return checks.verdict;
}
