/**
 * What promtool and amtool say of monitoring/: the configurations, the rules, the rules' own tests, whole fleets; and
 * that every alert has its runbook.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Checks, type Verdict } from "../checks.ts";
import { RULES_PATH } from "./alert-rules.ts";
import { checkAlertmanager } from "./alertmanager-checks.ts";
import { checkFleets } from "./fleet-checks.ts";
import { checkRunbooks } from "./runbook-checks.ts";

const rulesDir = "monitoring/rules";
const dashboard = "monitoring/grafana/mcpg-fleet.json";

/** Without the programs it checks nothing and says so; in CI that is a failure. */
export async function runPromtoolSuite(): Promise<Verdict> {
  const missing = ["promtool", "amtool"].filter(
    (program) => spawnSync(program, ["--version"]).error !== undefined,
  );
  if (missing.length > 0) return skipped(missing);
  const checks = new Checks("promtool");
  checkRunbooks(checks);
  checkAlertmanager(checks);
  const tallies = [checkConfig(), checkDashboard(dashboard), checkRules(RULES_PATH)];
  return sum([...tallies, checks.verdict, checkRuleTests("promtool")]);
}

/** The rules' own tests, and those of whole fleets, by one version's promtool. */
export function checkRuleTests(program: string): Verdict {
  const checks = new Checks("promtool");
  inTemporaryDir((dir) => checkFleets(checks, program, dir));
  const names = readdirSync(rulesDir).filter((name) => name.endsWith(".test.yml"));
  return sum([...names.map((name) => testRules(program, join(rulesDir, name))), checks.verdict]);
}

function sum(verdicts: readonly Verdict[]): Verdict {
  return {
    passed: verdicts.reduce((total, { passed }) => total + passed, 0),
    failed: verdicts.reduce((total, { failed }) => total + failed, 0),
  };
}

function skipped(missing: readonly string[]): Verdict {
  const { CI: ci } = process.env;
  const isFailure = ci === "true";
  console.error(
    `${isFailure ? "FAILED" : "!!! SKIPPED"}: ${missing.join(" and ")} cannot be run here (Debian: apt install prometheus prometheus-alertmanager), so monitoring/ was NOT checked`,
  );
  return { passed: 0, failed: isFailure ? 1 : 0 };
}

/** In a copy with a token where `npm start` writes one: promtool wants every file it names to be there. */
function checkConfig(): Verdict {
  return inTemporaryDir((copy) => {
    cpSync("monitoring", join(copy, "monitoring"), { recursive: true });
    mkdirSync(join(copy, ".wrangler/state"), { recursive: true });
    writeFileSync(join(copy, ".wrangler/state/prometheus-token"), "token");
    return one(run("promtool", "check", "config", join(copy, "monitoring/prometheus.yml")));
  });
}

interface Dashboard {
  panels: { targets: { expr: string }[] }[];
}

/** As recording rules, which is the form of a query that promtool checks. */
function checkDashboard(path: string): Verdict {
  const { panels } = JSON.parse(readFileSync(path, "utf8")) as Dashboard;
  const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const rules = queries.map((query, index) => ({
    record: `dashboard:query_${index}`,
    expr: query.replaceAll("$__rate_interval", "5m"),
  }));
  return inTemporaryDir((dir) => {
    const file = join(dir, "dashboard.yml");
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
    return checkRules(file);
  });
}

function inTemporaryDir<Answer>(check: (dir: string) => Answer): Answer {
  const dir = mkdtempSync(join(tmpdir(), "mcpg-promtool-"));
  try {
    return check(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function checkRules(path: string): Verdict {
  return one(run("promtool", "check", "rules", path));
}

/** One case each `eval_time`; promtool names those that fail and counts none. */
function testRules(program: string, path: string): Verdict {
  const cases = readFileSync(path, "utf8").match(/\beval_time:/g)?.length ?? 0;
  const { ok, output } = run(program, "test", "rules", path);
  if (ok) return { passed: cases, failed: 0 };
  const named = output.match(/^ +(alertname|expr): .*, time: /gm)?.length ?? 0;
  // A file that does not parse fails without naming a case: then none was run.
  return named === 0 ? { passed: 0, failed: cases } : { passed: cases - named, failed: named };
}

function one({ ok }: { ok: boolean }): Verdict {
  return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Prints what promtool said where it found something. */
function run(program: string, ...args: string[]): { ok: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  const output = `${stdout}${stderr}`;
  if (status !== 0) console.error(`${program} ${args.join(" ")} (${status})\n${output}`);
  return { ok: status === 0, output };
}
