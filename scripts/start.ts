// What `npm start` runs once scripts/install.mjs brought node_modules: the Worker with its databases,
// its cron and its tokens, on this machine alone. It ends with everything that it started.
import { join, resolve } from "node:path";
import { DashboardWatch } from "./start/dashboard-watch.ts";
import { readDevVars } from "./start/dev-vars.ts";
import { formatExampleCalls } from "./start/example-calls.ts";
import { findFreePort } from "./start/free-port.ts";
import { keepServing } from "./start/keep-serving.ts";
import { buildLocalWorker } from "./start/local-worker.ts";
import { refuseLostSecrets } from "./start/lost-secrets.ts";
import { prometheusConfigPath } from "./start/prometheus-config.ts";
import { parseSettings, type Settings } from "./start/settings.ts";
import { lockStateDir } from "./start/state-lock.ts";
import { stopOnSignals, stopWithParent } from "./start/stopping.ts";
import { ensureTokenFile, type TokenFile } from "./start/token-file.ts";
import { asksForHelp, usage } from "./start/usage.ts";

const projectDir = resolve(import.meta.dirname, "..");

async function main(signal: AbortSignal): Promise<void> {
  if (asksForHelp(process.argv.slice(2))) return console.log(usage);
  process.chdir(projectDir);
  const wanted = parseSettings(process.env, projectDir);
  const settings = { ...wanted, port: await findFreePort(wanted.port) };
  const devVarsPath = resolve(".dev.vars");
  refuseLostSecrets(devVarsPath, settings.stateDir);
  using _lock = lockStateDir(settings.stateDir);
  const { MCPG_ADMIN_TOKEN: adminToken } = readDevVars(devVarsPath);
  console.log("starting the Worker…");
  const worker = await buildLocalWorker(signal);
  const dashboard = new DashboardWatch(signal);
  const base = `http://127.0.0.1:${settings.port}`;
  await keepServing({ worker, settings, base, signal, dashboard }, async () => {
    await announce(settings, base, adminToken);
    if (settings.inspectorPort !== undefined) console.log(inspectorWarning(settings.inspectorPort));
    console.log(`# The administrator's token is MCPG_ADMIN_TOKEN in ${devVarsPath}; Ctrl-C stops.`);
  });
}

async function announce(settings: Settings, base: string, adminToken: string): Promise<void> {
  const { local, prometheus } = tokenFiles(settings.stateDir);
  await ensureTokenFile(base, adminToken, prometheus);
  await ensureTokenFile(base, adminToken, local);
  console.log(`ready on ${base}`);
  const examples = formatExampleCalls({
    base,
    projectDir,
    localTokenPath: local.path,
    prometheusTokenPath: prometheus.path,
    prometheusConfigPath: prometheusConfigPath(settings),
    prometheusDataDir: join(settings.stateDir, "prometheus"),
  });
  console.log(examples);
}

/** They lie with the databases that know them: a new state folder gets new ones. */
function tokenFiles(stateDir: string): Record<"prometheus" | "local", TokenFile> {
  return {
    // monitoring/prometheus.yml names this file.
    prometheus: {
      path: join(stateDir, "prometheus-token"),
      org: "default",
      name: "prometheus",
      actor: "service:prometheus",
      scopes: ["metrics:read"],
      probe: "/metrics?name[]=mcpg_rollup_watermark_timestamp_seconds",
    },
    local: {
      path: join(stateDir, "local-token"),
      org: "default",
      name: "local",
      actor: "service:local",
      scopes: ["telemetry:write", "telemetry:read", "audit:write", "audit:read"],
      probe: "/audit?limit=1",
    },
  };
}

function inspectorWarning(port: number): string {
  return `# The inspector listens on http://127.0.0.1:${port}/json: who reaches it reads every secret.`;
}

const { npm_lifecycle_event: startedByNpm } = process.env;
const stop = new AbortController();
stopOnSignals(stop);
if (startedByNpm !== undefined) stopWithParent(stop);
try {
  await main(stop.signal);
} catch (error) {
  // Being told to stop is no failure; by now nothing that was started is left.
  if (stop.signal.aborted) process.exit(0);
  console.error(`npm start failed: ${(error as Error).message}`);
  process.exit(1);
}
