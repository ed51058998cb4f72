/** That Alertmanager takes the shipped configuration, and sends every alert to somebody. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Checks } from "../checks.ts";
import { readAlertRules } from "./alert-rules.ts";

const CONFIG = "monitoring/alertmanager.yml";
/** None is the guide's rule; the last is nobody's yet. */
const SEVERITIES = [undefined, "critical", "warning", "info", "page"];

export function checkAlertmanager(checks: Checks): void {
  const { status, output } = amtool("check-config", CONFIG);
  checks.report("amtool takes alertmanager.yml", status === 0 ? [] : [output]);
  const receivers = withIntegrations();
  const alerts = [
    ...readAlertRules(),
    ...SEVERITIES.map((severity) => ({ name: "SomebodysOwn", severity })),
  ];
  const unheard = alerts.filter(({ name, severity }) => !receivers.includes(route(name, severity)));
  checks.report(
    "every alert goes to a receiver that sends, whatever its severity",
    unheard.map(({ name, severity }) => `${name} ${severity}: ${route(name, severity)}`),
    `${alerts.length} alerts`,
  );
  checks.equal("what is critical goes to the pager", route("X", "critical"), "pager");
  checks.equal("what has no severity does not", route("MCPGToolErrorRate"), "operators");
}

/** The names of receivers that have somewhere to send. */
function withIntegrations(): string[] {
  const [, receivers = ""] = readFileSync(CONFIG, "utf8").split(/^receivers:$/m);
  const each = receivers.split(/^ {2}- name: /m).slice(1);
  return each
    .filter((receiver) => /_configs:\n/.test(receiver))
    .map((receiver) => receiver.slice(0, receiver.indexOf("\n")));
}

function route(name: string, severity?: string): string {
  const labels = [`alertname=${name}`, ...(severity === undefined ? [] : [`severity=${severity}`])];
  return amtool("config", "routes", "test", `--config.file=${CONFIG}`, ...labels).output;
}

/** Without what it warns of: that it asks no Alertmanager. */
function amtool(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync("amtool", args, { encoding: "utf8" });
  return { status, output: status === 0 ? stdout.trim() : `${stdout}${stderr}` };
}
