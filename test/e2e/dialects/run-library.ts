/** One library's run: its caller as a child, which starts its server, and tells how many calls it made. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { runProgram } from "../run-program.ts";
import type { Library, Side } from "./libraries.ts";

const run = promisify(execFile);
/** Python takes seconds to import these libraries; on a machine that is shared, ten times that. */
const RUN_MS_MAX = 5 * 60_000;
/** So that spans leave while their processes are there. */
const EXPORT_EACH_MS = 200;

/** By tool. */
export type Counts = Record<string, number>;

export interface Truth {
  calls: Counts;
  errors: Counts;
}

export interface Target {
  /** Base of OTLP. */
  endpoint: string;
  token: string;
}

export async function runLibrary(
  interpreter: string,
  { script, instrumentedBy }: Library,
  sides: readonly Side[],
  { endpoint, token }: Target,
): Promise<Truth> {
  const cwd = join(import.meta.dirname, "python");
  const env = {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: "1",
    DIALECT_SIDES: sides.join(","),
    ...(instrumentedBy !== undefined && { DIALECT_INSTRUMENTED_BY: instrumentedBy }),
    OTEL_SERVICE_NAME: "agent",
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${token}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_METRICS_EXPORTER: "none",
    OTEL_LOGS_EXPORTER: "none",
    OTEL_BSP_SCHEDULE_DELAY: String(EXPORT_EACH_MS),
    // Of a tool that raises, each of them prints a page.
    FASTMCP_LOG_ENABLED: "false",
  };
  const { stdout } = await run(interpreter, [script], { cwd, env, timeout: RUN_MS_MAX });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Truth;
}

/** Of what is installed: `fastmcp 4.2.3, mcp 2.3.0`. */
export async function versionsOf(
  interpreter: string,
  packages: readonly string[],
): Promise<string> {
  const script = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))";
  const versions = (await runProgram(interpreter, ["-c", script, ...packages])).trim().split(" ");
  return packages.map((name, at) => `${name} ${versions[at]}`).join(", ");
}
