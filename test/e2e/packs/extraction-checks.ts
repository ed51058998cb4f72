/** That a pack which is verified is the pack that is extracted, by whichever tool. */
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { SourceUnavailable } from "#cli/verify/no-verdict.ts";
import { parseOptions } from "#cli/verify/options.ts";
import { runVerification } from "#cli/verify/run-verification.ts";
import { exitCodeOf } from "#formats/ledger/verdicts.ts";
import { packMembers } from "../../harness/synthetic-pack.ts";
import type { Checks } from "../checks.ts";
import { writePack } from "../ledger/verify/export-files.ts";
import { rotatedLog } from "../ledger/verify/sample-logs.ts";
import { writeForgeries } from "./forgeries.ts";
import { extractAll, installedTools } from "./tar-tools.ts";

/** Invalid, incomplete, and no tar at all. */
const REFUSED = [40, 50, 69];

export async function checkExtraction(checks: Checks, folder: string): Promise<void> {
  const { tools, missing } = await installedTools();
  reportMissing(checks, missing);
  const log = rotatedLog(1);
  const honest = await writePack(join(folder, "honest.tar"), packMembers(log));
  const forged = join(folder, "forged");
  await mkdir(forged);
  await writeForgeries(honest, forged);
  const tars = (await readdir(forged)).map((name) => join(forged, name));
  const codes = await exitCodes(tars, log.vkey);
  const unlike = new Set<string>();
  const problems: string[] = [];
  for (const tool of tools) {
    const scratch = await mkdtemp(join(folder, "scratch-"));
    const contents = await extractAll(tool, [honest, ...tars], scratch);
    for (const tar of tars.filter((path) => contents.get(path) !== contents.get(honest))) {
      unlike.add(tar);
      if (codes.get(tar) === 0) problems.push(`${tool.name} extracts other bytes of ${tar}`);
    }
    await rm(scratch, { recursive: true, force: true });
  }
  const verified = tars.filter((tar) => codes.get(tar) === 0);
  const seen = `${tars.length} packs, ${unlike.size} of which a tool extracts otherwise, ${verified.length} verified, ${tools.length} tools`;
  checks.report("what is verified is what every tool extracts", problems, seen);
  const [repacked, others] = [true, false].map((isHonest) =>
    tars.filter((tar) => tar.includes("/honest-") === isHonest),
  );
  const refused = repacked!.filter((tar) => codes.get(tar) !== 0);
  checks.report("a pack that tools have packed anew is verified", refused, `${repacked!.length}`);
  const taken = others!.filter((tar) => codes.get(tar) === 0 && !tar.includes("/bent-"));
  checks.report("every forged pack is refused", taken, `${others!.length}`);
  const odd = [...codes].filter(([, code]) => code !== 0 && !REFUSED.includes(code));
  checks.report("as invalid, as incomplete or as no tar", odd.map(String));
}

/** What the command would exit with: reading its modules takes ten times as long as the pack. */
async function exitCodes(tars: readonly string[], vkey: string): Promise<Map<string, number>> {
  const codes = new Map<string, number>();
  for (const tar of tars) codes.set(tar, await exitCodeFor(tar, vkey));
  return codes;
}

async function exitCodeFor(tar: string, vkey: string): Promise<number> {
  try {
    const options = parseOptions(["--pack", tar, "--vkey", vkey]);
    return exitCodeOf((await runVerification(options!)).report.findings);
  } catch (error) {
    if (error instanceof SourceUnavailable) return 69;
    throw error;
  }
}

/** Loudly, and where CI runs it is a failure. */
function reportMissing(checks: Checks, missing: readonly string[]): void {
  for (const tool of missing) {
    if (process.env["CI"] === "true") checks.report(`${tool} is installed`, ["it is not"]);
    else console.log(`SKIPPED ${tool} is not installed`);
  }
}
