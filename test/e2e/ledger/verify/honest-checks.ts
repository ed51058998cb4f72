/** Honest logs pass, online and offline, and nothing else is said of them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SyntheticLog } from "../../../harness/synthetic-log.ts";
import { packMembers } from "../../../harness/synthetic-pack.ts";
import type { Checks } from "../../checks.ts";
import { writeFiles, writePack } from "./export-files.ts";
import { LogServer, TOKEN } from "./log-server.ts";
import { type CliCase, checkCases } from "./run-cli.ts";
import { plainLog, prunedLog, rotatedLog, SAMPLE_LOGS } from "./sample-logs.ts";

const GOOD = {
  code: 0,
  findings: [],
  verdicts: { integrity: "VALID", completeness: "COMPLETE", trust: "PINNED" },
};

export async function tokenFile(folder: string): Promise<string> {
  const path = join(folder, "token");
  await writeFile(path, `${TOKEN}\n`);
  return path;
}

export function onlineArgs(server: LogServer, token: string): string[] {
  return ["--url", server.url, "--org", server.log.org, "--token-file", token];
}

export async function checkHonestLogs(checks: Checks, folder: string): Promise<void> {
  const token = await tokenFile(folder);
  const packs: CliCase[] = [];
  const files: CliCase[] = [];
  const online: CliCase[] = [];
  const servers: LogServer[] = [];
  for (const [at, [name, make]] of SAMPLE_LOGS.entries()) {
    const log = make();
    const pinned = ["--vkey", log.vkey];
    const members = packMembers(log);
    const pack = await writePack(join(folder, `honest-${at}.tar`), members);
    packs.push({ name, args: ["--pack", pack, ...pinned], expected: GOOD });
    const named = await writeFiles(join(folder, `honest-${at}`), members);
    files.push({ name, args: [...named, ...pinned], expected: GOOD });
    const server = await LogServer.start(log);
    servers.push(server);
    const fresh = { ...GOOD, verdicts: { ...GOOD.verdicts, freshness: "FRESH" } };
    online.push({ name, args: [...onlineArgs(server, token), ...pinned], expected: fresh });
    // To whom pins no key, or the newest.
    const unpinned = { code: 10, findings: ["unpinned"], verdicts: { trust: "UNPINNED" } };
    packs.push({ name: `${name}, unpinned`, args: ["--pack", pack], expected: unpinned });
    const newest = ["--vkey", log.newestVkey];
    packs.push({ name: `${name}, newest key`, args: ["--pack", pack, ...newest], expected: GOOD });
  }
  await checkCases(checks, "honest logs pass as packs", packs);
  await checkCases(checks, "honest logs pass as files", files);
  await checkCases(checks, "honest logs pass on their server", online);
  for (const server of servers) await server.stop();
}

/** Not whole, not yet signed, or not provable: said as what it is, and no accusation. */
export async function checkHonestShortcomings(checks: Checks, folder: string): Promise<void> {
  const log = plainLog(700);
  const pruned = prunedLog(300);
  const cases: CliCase[] = [];
  const add = async (
    name: string,
    of: SyntheticLog,
    range: object,
    expected: CliCase["expected"],
  ) => {
    const path = join(folder, `part-${cases.length}.tar`);
    await writePack(path, packMembers(of, range));
    const args = ["--pack", path, "--vkey", of.vkey];
    const isAccepted = expected.code === 0;
    cases.push({ name, args: isAccepted ? [...args, "--partial"] : args, expected });
  };
  const part = { code: 50, findings: ["part_of_the_log"], verdicts: { integrity: "VALID" } };
  const accepted = { code: 0, findings: [], verdicts: { completeness: "PARTIAL" } };
  for (const range of [{ from: 300 }, { to: 500 }, { from: 10, to: 20 }, { from: 5, to: 5 }]) {
    await add(`part ${JSON.stringify(range)}`, log, range, part);
    await add(`accepted part ${JSON.stringify(range)}`, log, range, accepted);
  }
  await add("part of a pruned log", pruned, { from: 310 }, part);
  await add("accepted part of a pruned log", pruned, { from: 310, to: 350 }, accepted);
  const rotated = rotatedLog(1).announcePruning(240).sign();
  rotated.minimumIndex = 240;
  const unproven = { code: 10, findings: ["rotation_unproven"], verdicts: { trust: "UNPINNED" } };
  await add("rotation that is pruned", rotated, {}, unproven);
  await checkCases(checks, "what is not there is said, and not taken for an attack", cases);
}
