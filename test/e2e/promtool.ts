/** What promtool says of monitoring/: the configuration, the rules, and the rules' own tests. */
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
import type { Verdict } from "./checks.ts";

const rulesDir = "monitoring/rules";
const dashboard = "monitoring/grafana/mcpg-fleet.json";

/** Without promtool it checks nothing and says so; in CI that is a failure. */
export async function runPromtoolSuite(): Promise<Verdict> {
  if (spawnSync("promtool", ["--version"]).error !== undefined) return missing();
  const files = readdirSync(rulesDir).map((name) => join(rulesDir, name));
  const tests = files.filter((path) => path.endsWith(".test.yml"));
  const rules = files.filter((path) => path.endsWith(".yml") && !tests.includes(path));
  const tallies = [
    checkConfig(),
    checkDashboard(dashboard),
    ...rules.map(checkRules),
    ...tests.map(testRules),
  ];
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
  };
}

function missing(): Verdict {
  const { CI: ci } = process.env;
  const isFailure = ci === "true";
  console.error(
    `${isFailure ? "FAILED" : "!!! SKIPPED"}: promtool is not installed (Debian: apt install prometheus), so monitoring/ was NOT checked`,
  );
  return { passed: 0, failed: isFailure ? 1 : 0 };
}

/** In a copy with a token where `npm start` writes one: promtool wants every file it names to be there. */
function checkConfig(): Verdict {
  return inTemporaryDir((copy) => {
    cpSync("monitoring", join(copy, "monitoring"), { recursive: true });
    mkdirSync(join(copy, ".wrangler/state"), { recursive: true });
    writeFileSync(join(copy, ".wrangler/state/prometheus-token"), "token");
    return one(promtool("check", "config", join(copy, "monitoring/prometheus.yml")));
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

function inTemporaryDir(check: (dir: string) => Verdict): Verdict {
  const dir = mkdtempSync(join(tmpdir(), "mcpg-promtool-"));
  try {
    return check(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function checkRules(path: string): Verdict {
  return one(promtool("check", "rules", path));
}

/** One case each `eval_time`; promtool names those that fail and counts none. */
function testRules(path: string): Verdict {
  const cases = readFileSync(path, "utf8").match(/\beval_time:/g)?.length ?? 0;
  const { ok, output } = promtool("test", "rules", path);
  if (ok) return { passed: cases, failed: 0 };
  const named = output.match(/^ +(alertname|expr): .*, time: /gm)?.length ?? 0;
  // A file that does not parse fails without naming a case: then none was run.
  return named === 0 ? { passed: 0, failed: cases } : { passed: cases - named, failed: named };
}

function one({ ok }: { ok: boolean }): Verdict {
  return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Prints what promtool said where it found something. */
function promtool(...args: string[]): { ok: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
  const output = `${stdout}${stderr}`;
  if (status !== 0) console.error(`promtool ${args.join(" ")} (${status})\n${output}`);
  return { ok: status === 0, output };
}
