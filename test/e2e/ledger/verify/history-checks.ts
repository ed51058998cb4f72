/** What a verifier kept, against logs that were rolled back, forked or rewritten since; and the keeping. */
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SyntheticLog } from "../../../harness/synthetic-log.ts";
import { packMembers } from "../../../harness/synthetic-pack.ts";
import type { Checks } from "../../checks.ts";
import { writePack } from "./export-files.ts";
import { type CliCase, checkCases, type Expected, runCli } from "./run-cli.ts";
import { plainLog, prunedLog, rotatedLog } from "./sample-logs.ts";

const CONSISTENT = { code: 0, findings: [], verdicts: { history: "CONSISTENT" } };
const LATE_MS = 1_000_000_000;

function grown(): SyntheticLog {
  return new SyntheticLog().append(200).sign().append(300).sign();
}

/** `first` is verified, then `second` against what was kept of it, by the state and by --since. */
export async function checkKeptHistory(checks: Checks, folder: string): Promise<void> {
  const log = grown();
  const early = log.checkpoints.get(200) ?? "";
  const rewritten = grown().rewritten(60, { actor: "user:mallory@acme" }).sign();
  const diverged = (code: string): Expected => ({
    code: 30,
    findings: [code],
    verdicts: { integrity: "VALID", completeness: "COMPLETE", history: "DIVERGED" },
  });
  const cases: CliCase[] = [];
  const add = async (name: string, kept: string, second: SyntheticLog, expected: Expected) => {
    const path = join(folder, `history-${cases.length}`);
    const pack = await writePack(`${path}.tar`, packMembers(second));
    await writeFile(`${path}.note`, kept);
    await writeFile(`${path}.json`, stateOf(second, kept));
    const args = ["--pack", pack, "--vkey", second.vkey];
    cases.push({ name: `${name}, --since`, args: [...args, "--since", `${path}.note`], expected });
    const state = { name: `${name}, state`, args: [...args, "--state", `${path}.json`], expected };
    cases.push(state);
  };
  await add("the same head", log.checkpoint ?? "", log, CONSISTENT);
  await add("a log that grew", early, log, CONSISTENT);
  await add("an older copy", log.checkpoint ?? "", plainLog(200), diverged("rollback"));
  await add("a fork of the same size", log.checkpoint ?? "", rewritten, diverged("fork"));
  await add("a larger log, rewritten", early, rewritten, diverged("rewritten"));
  const pruned = prunedLog(256);
  const undecided = { code: 50, findings: ["kept_undecided"] };
  await add("a pruned log", pruned.signedBy(100, [pruned.keys[0]!.seed]), pruned, undecided);
  const peaks = pruned.signedBy(256, [pruned.keys[0]!.seed]);
  await add("a log pruned up to what was kept", peaks, pruned, CONSISTENT);
  await checkCases(checks, "rollback, fork and rewrite are caught by what was kept", cases);
}

function stateOf(log: SyntheticLog, checkpoint: string): string {
  return JSON.stringify({ origin: log.origin, vkey: log.vkey, anchor: log.vkey, checkpoint });
}

function stateSeenOf({ origin, vkey, checkpoint }: SyntheticLog): string {
  return JSON.stringify({ origin, vkey, anchor: null, checkpoint });
}

interface State {
  origin: string;
  vkey: string;
  anchor: string | null;
  checkpoint: string;
}

/** When the state is written, and what the next run makes of it. */
export async function checkStateFile(checks: Checks, folder: string): Promise<void> {
  const state = join(folder, "kept.json");
  const pack = join(folder, "kept.tar");
  const verify = async (log: SyntheticLog, ...args: string[]) => {
    await writePack(pack, packMembers(log));
    return (await runCli(["--pack", pack, "--state", state, ...args])).code;
  };
  const kept = async (): Promise<State> => JSON.parse(await readFile(state, "utf8"));
  const log = grown();
  const small = new SyntheticLog().append(200).sign();

  checks.equal("a first run without a key is UNPINNED", await verify(small), 10);
  const first = await kept();
  checks.equal("and keeps the key as seen", [first.vkey, first.anchor], [log.vkey, null]);
  checks.equal("which counts as pinned from then on", await verify(log), 0);
  checks.equal("and the head moves on", (await kept()).checkpoint, log.checkpoint);
  checks.equal("a rollback is caught", await verify(small), 30);
  const fork = log.rewritten(499, { actor: "user:mallory@acme" }).sign();
  checks.equal("a fork is caught", await verify(fork), 30);
  const mallory = new SyntheticLog({ key: "mallory" }).append(600).sign();
  checks.equal("another key is refused", await verify(mallory), 40);
  checks.equal("nothing of these is kept", (await kept()).checkpoint, log.checkpoint);
  checks.equal("a stale log passes as stale", await verify(log, "--max-age", "1"), 20);
  const other = new SyntheticLog({ org: "other" }).append(600).sign();
  checks.equal("a state of another log is refused", await verify(other), 64);
  checks.equal(
    "--vkey rules over a key that was only seen",
    await verify(log, "--vkey", log.vkey),
    0,
  );
  checks.equal("and vouches for it", (await kept()).anchor, log.vkey);
  await checkPartWithState(checks, folder, log);
  checks.equal("no temporary file stays", await stat(`${state}.tmp`).catch(() => null), null);
  await checkRotatedState(checks, folder);
  await writeFile(state, stateSeenOf(mallory));
  checks.equal("a key that was seen once is trusted", await verify(mallory), 0);
  checks.equal("but not over a --vkey", await verify(mallory, "--vkey", log.vkey), 40);
  await checkPromises(checks, folder);
  await writeFile(state, "{}");
  checks.equal("a state that is none is refused", await verify(log), 64);
  checks.equal("and stays as it is", await readFile(state, "utf8"), "{}");
}

/** What the last run saw: which days entries were promised, and when each was recorded. */
async function checkPromises(checks: Checks, folder: string): Promise<void> {
  const state = join(folder, "promised.json");
  const pack = join(folder, "promised.tar");
  const log = new SyntheticLog()
    .own("operator.org.created", { audit_days: "90" })
    .append(299)
    .sign();
  const verify = async (...args: string[]) => {
    await writePack(pack, packMembers(log));
    return (await runCli(["--pack", pack, "--vkey", log.vkey, ...args])).code;
  };
  checks.equal("what entries were promised is remembered", await verify("--state", state), 0);
  const said = { retention_days: "2", last_recorded_at: "2026-11-20T00:04:15.000Z" };
  log.announcePruning(256, said, "2026-11-23T00:00:00.000Z").sign().minimumIndex = 256;
  checks.equal("a pruning two days old passes who saw nothing", await verify(), 0);
  checks.equal("and not who saw that 90 were promised", await verify("--state", state), 50);
  checks.equal("nor who knows of 30", await verify("--retention", "30"), 50);
  const forgotten = JSON.parse(await readFile(state, "utf8")) as object;
  await writeFile(state, JSON.stringify({ ...forgotten, times: ["x"] }));
  checks.equal(
    "what was remembered and cannot be read is refused",
    await verify("--state", state),
    64,
  );
}

/** Of the last entries under what was kept, nothing can be said where they are not there. */
async function checkPartWithState(
  checks: Checks,
  folder: string,
  log: SyntheticLog,
): Promise<void> {
  const part = await writePack(join(folder, "kept-part.tar"), packMembers(log, { to: 490 }));
  const since = join(folder, "kept-495.note");
  await writeFile(since, log.signedBy(495, [log.keys[0]!.seed]));
  const state = join(folder, "part.json");
  const args = ["--pack", part, "--vkey", log.vkey, "--partial", "--state", state];
  checks.equal("a part passes as a part", (await runCli(args)).code, 0);
  checks.equal("of which no state is kept", await stat(state).catch(() => null), null);
  const compared = await runCli([...args, "--since", since]);
  checks.equal("what cannot be compared is incomplete", compared.code, 50);
}

/** A key that was proven once stays proven when the rotation is pruned. */
async function checkRotatedState(checks: Checks, folder: string): Promise<void> {
  const state = join(folder, "rotated.json");
  const pack = join(folder, "rotated.tar");
  const log = rotatedLog(1);
  const vkey = log.vkey;
  const verify = async (...args: string[]) => {
    await writePack(pack, packMembers(log));
    return (await runCli(["--pack", pack, ...args])).code;
  };
  checks.equal("a rotation is proven", await verify("--state", state, "--vkey", vkey), 0);
  log.announcePruning(256).sign().append(3).sign();
  log.minimumIndex = 256;
  checks.equal("without the state the pruned one is not", await verify("--vkey", vkey), 10);
  const proven = await verify("--state", state, "--vkey", vkey);
  checks.equal("with it, it is", proven, 0);
  const unproven = join(folder, "unproven.json");
  await verify("--state", unproven, "--vkey", vkey);
  const isKept = await stat(unproven).catch(() => null);
  checks.equal("a key that is not proven is not kept", isKept, null);
  checks.equal("a folder that is not there is told", await verify("--state", "/nowhere/s"), 73);
}

export async function checkFreshness(checks: Checks, folder: string): Promise<void> {
  const log = new SyntheticLog({ startMs: Date.now() - LATE_MS }).append(20).sign();
  const pack = await writePack(join(folder, "aged.tar"), packMembers(log));
  const args = ["--pack", pack, "--vkey", log.vkey];
  const minutes = Math.floor(LATE_MS / 60_000);
  const judged = (maxAge: number, code: number, freshness: string): CliCase => ({
    name: `--max-age ${maxAge}`,
    args: [...args, "--max-age", String(maxAge)],
    expected: { code, verdicts: { freshness, integrity: "VALID" } },
  });
  await checkCases(checks, "freshness is judged by --max-age", [
    judged(minutes + 5, 0, "FRESH"),
    judged(minutes - 5, 20, "STALE"),
    { name: "not asked", args, expected: { code: 0, verdicts: { freshness: "NOT_JUDGED" } } },
  ]);
}
