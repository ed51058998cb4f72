/** `npm start` as a newcomer runs it: serves, takes a report, shows it, ticks, stops clean, starts again. */
import { randomBytes } from "node:crypto";
import { access, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Checks, type Verdict } from "../checks.ts";
import { waitUntil } from "../wait-until.ts";
import { checkDeployment } from "./deployment-checks.ts";
import { checkMistakes } from "./mistake-checks.ts";
import { NpmStart } from "./npm-start.ts";
import { countedCalls, denials, isSigned, recordDenial, reportCall } from "./reports.ts";
import { checkSurface } from "./surface-checks.ts";
import { checkVerifier } from "./verifier-checks.ts";

/** A tick comes each minute, and has to be done too. */
const TICK_MS_MAX = 80_000;
const EVENT = "0193a000-0000-7000-8000-000000000001";

export async function runStartSuite(): Promise<Verdict> {
  const checks = new Checks("start");
  const stateDir = await mkdtemp(join(tmpdir(), "mcpg-start-"));
  try {
    await checkMistakes(checks);
    checkDeployment(checks);
    await checkFirstRun(checks, stateDir);
    await checkSecondRun(checks, stateDir);
    await checkWithoutSecrets(checks, stateDir);
  } catch (error) {
    checks.report("the suite runs to its end", [String((error as Error).stack ?? error)]);
  }
  await rm(stateDir, { recursive: true, force: true });
  return checks.verdict;
}

async function checkFirstRun(checks: Checks, stateDir: string): Promise<void> {
  const { start, readyMs } = await NpmStart.run(stateDir);
  checks.report("prints a line that begins `ready on http://`", [], `${Math.round(readyMs)} ms`);
  checks.equal("is ready", (await start.send("GET", "/readyz")).status, 200);
  const page = await start.send("GET", "/orgs/default/overview");
  checks.equal(
    "serves the dashboard at its addresses",
    [page.status, /<script type="module" src="\/assets\/main-\w{8}\.js">/.test(await page.text())],
    [200, true],
  );
  const migrated = start.countOf(/^migrated (DIRECTORY|SHARD_0): 0001/gm);
  checks.equal("migrates databases that are new", migrated, 2);
  const answer = (await (await reportCall(start, "first")).json()) as { accepted: number };
  checks.equal("takes a report with the local token", answer.accepted, 1);
  checks.equal("shows it to Prometheus' token", await countedCalls(start), 1);
  const recorded = await recordDenial(start, EVENT);
  checks.equal("records a decision with the local token", recorded.status, 201);
  await checkSurface(checks, start);
  checks.equal("keeps what it has, whoever asked for a tick", await countedCalls(start), 1);
  const waitedMs = await waitUntil(() => isSigned(start), { msMax: TICK_MS_MAX, what: "a tick" });
  checks.report("ticks each minute: the head gets signed", [], `${Math.round(waitedMs)} ms`);
  await checkVerifier(checks, start);
  checks.equal("no tick fails", start.countOf(/cron tick .* failed/g), 0);
  checks.equal("stops on SIGTERM, and nothing of it goes on", await start.stop(), true);
}

async function checkSecondRun(checks: Checks, stateDir: string): Promise<void> {
  const { start, readyMs } = await NpmStart.run(stateDir);
  const migrated = start.countOf(/migrat/g);
  checks.report(
    "runs no migration when none is new",
    migrated === 0 ? [] : [start.output],
    `ready in ${Math.round(readyMs)} ms`,
  );
  checks.equal("has what the last run took", await countedCalls(start), 1);
  checks.equal("and what it recorded", await denials(start), [EVENT]);
  checks.equal("leaves nothing behind when it is killed", await start.stop("SIGKILL"), true);
}

/** As after `git clean`: the databases lie elsewhere, and the file with their secrets is gone. */
async function checkWithoutSecrets(checks: Checks, stateDir: string): Promise<void> {
  const file = join(import.meta.dirname, "../../../.dev.vars");
  await rename(file, `${file}.away`);
  const isThere = () =>
    access(file).then(
      () => true,
      () => false,
    );
  try {
    const told = await whyNot(stateDir);
    const isNamed = /\.dev\.vars is missing, and .* has databases of an earlier start/.test(told);
    checks.report("refuses an old folder without its secrets", isNamed ? [] : [told]);
    checks.equal("and writes none in their stead", await isThere(), false);
    const seed = `MCPG_LEDGER_SEED=${randomBytes(32).toString("base64")}`;
    const secrets = await readFile(`${file}.away`, "utf8");
    await writeFile(file, secrets.replace(/^MCPG_LEDGER_SEED=.*$/m, seed));
    const others = await whyNot(stateDir);
    const isTold = /MCPG_LEDGER_SEED is not the one .*Put back the \.dev\.vars/.test(others);
    checks.report("says what to do with another folder's secrets", isTold ? [] : [others]);
  } finally {
    await rename(`${file}.away`, file);
  }
}

function whyNot(stateDir: string): Promise<string> {
  return NpmStart.run(stateDir).then(
    ({ start }) => start.stop().then(() => "it starts"),
    (error: Error) => error.message,
  );
}
