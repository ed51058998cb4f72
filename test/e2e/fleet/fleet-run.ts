/** One fleet, an agent and its tool server, that calls, exports, and is counted in an org of its own. */
import { isDeepStrictEqual } from "node:util";
import { readPage } from "../../formats/exposition/read-page.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { nothingWaits } from "../otel/nothing-waits.ts";
import { Collector, routeConfig } from "./collector.ts";
import { Peer } from "./peer.ts";

export const SERVER = "github-tools";
const CALLER = "agent";
export const CALLS = 150;
export const ERRORS = 30;

export interface Variant {
  library: "fastmcp" | "mcp";
  isHttpTraced: boolean;
  isCollected: boolean;
}

/** What a fleet runs on. */
export interface Programs {
  python: string;
  otelcol: string;
}

/** By tool. */
interface Counts {
  calls: Record<string, number>;
  errors: Record<string, number>;
}

export interface FleetResult {
  problems: string[];
  counted: { calls: number; errors: number };
}

/** Stock settings in turn with others that are stock too, so that batches are cut and come in either order. */
interface Course {
  isCallerFirst: boolean;
  traces: "apart" | "session";
  sdk: Record<string, string>;
  batch: Record<string, number | string>;
}

const SMALL_SDK = { OTEL_BSP_SCHEDULE_DELAY: "200", OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "48" };
const SMALL_BATCH = { timeout: "1s", send_batch_size: 40, send_batch_max_size: 100 };

function courseOf(number: number): Course {
  // Of three independent turns: every course meets every variant in twelve runs.
  const isSmall = number % 4 >= 2;
  return {
    isCallerFirst: number % 2 === 0,
    traces: number % 3 === 2 ? "session" : "apart",
    sdk: isSmall ? SMALL_SDK : {},
    batch: isSmall ? SMALL_BATCH : {},
  };
}

/** The way from the agent to its server, which may lead through something. */
export interface Way {
  url: string;
  close(): void;
}

export type MakeWay = (org: string, url: string) => Promise<Way>;

const straight: MakeWay = async (_org, url) => ({ url, close: () => undefined });

export class FleetRun {
  readonly #runtime: Runtime;
  readonly #variant: Variant;
  readonly #course: Course;
  readonly #org: string;
  readonly #makeWay: MakeWay;

  constructor(
    runtime: Runtime,
    org: string,
    variant: Variant,
    course: number,
    makeWay: MakeWay = straight,
  ) {
    this.#runtime = runtime;
    this.#makeWay = makeWay;
    this.#org = org;
    this.#variant = variant;
    this.#course = courseOf(course);
  }

  get name(): string {
    const { library, isHttpTraced, isCollected } = this.#variant;
    const parts = [library, isHttpTraced && "HTTP instrumented", isCollected && "by a Collector"];
    return [this.#org, ...parts.filter(Boolean)].join(", ");
  }

  /** Until every span is sent: what remains is to wait. */
  async send(programs: Programs): Promise<() => Promise<FleetResult>> {
    await this.#runtime.makeOrg(this.#org);
    const authorization = `Bearer ${await this.#makeToken()}`;
    const endpoint = `${this.#runtime.url}/v1/orgs/${this.#org}/otlp`;
    const { batch } = this.#course;
    const collector = this.#variant.isCollected
      ? await Collector.start(programs.otelcol, routeConfig({ endpoint, authorization, batch }))
      : null;
    const headers = `authorization=${encodeURIComponent(authorization)}`;
    const env = {
      ...process.env,
      ...this.#course.sdk,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector?.url ?? endpoint,
      ...(collector === null && { OTEL_EXPORTER_OTLP_HEADERS: headers }),
    };
    const { truth, lost } = await this.#call(programs.python, env);
    lost.push(...((await collector?.stop()) ?? []));
    return () => this.#judge(truth, lost);
  }

  async #makeToken(): Promise<string> {
    const wanted = { name: "fleet", scopes: ["telemetry:write"] };
    const path = `/v1/orgs/${this.#org}/service-tokens`;
    return (await this.#runtime.json<{ token: string }>("POST", path, wanted)).token;
  }

  async #call(python: string, env: NodeJS.ProcessEnv): Promise<{ truth: Counts; lost: string[] }> {
    const { isCallerFirst, traces } = this.#course;
    const { library, isHttpTraced } = this.#variant;
    const told = [library, isHttpTraced ? "http" : "plain"];
    const start = (service: string, script: string, args: readonly string[]) =>
      new Peer(python, [script, ...told, ...args], { ...env, OTEL_SERVICE_NAME: service });
    const server = start(SERVER, "server.py", []);
    const client = start(CALLER, "client.py", [traces, String(CALLS), String(ERRORS)]);
    try {
      const { port } = await server.said<{ port: number }>();
      const way = await this.#makeWay(this.#org, `http://127.0.0.1:${port}/mcp`);
      client.tell(way.url);
      const truth = await client.said<Counts>().finally(() => way.close());
      const lost: string[] = [];
      for (const peer of isCallerFirst ? [client, server] : [server, client]) {
        lost.push(...(await peer.end()));
      }
      return { truth, lost };
    } finally {
      server.kill();
      client.kill();
    }
  }

  async #judge(truth: Counts, lost: readonly string[]): Promise<FleetResult> {
    const status = await nothingWaits(this.#runtime, this.#org);
    const { body } = await this.#runtime.send("GET", `/v1/orgs/${this.#org}/metrics`);
    const got = {
      calls: countsOf(body, "mcpg_tool_calls_total"),
      errors: countsOf(body, "mcpg_tool_errors_total"),
      late: status.calls.late,
    };
    const expected = {
      calls: { [SERVER]: withoutZeros(truth.calls) },
      errors: { [SERVER]: withoutZeros(truth.errors) },
      late: 0,
    };
    const isWhole = sum(truth.calls) === CALLS && sum(truth.errors) === ERRORS;
    const isExact = isWhole && isDeepStrictEqual(got, expected);
    const course = JSON.stringify(this.#course);
    const said = `got ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}; ${course}`;
    return {
      problems: isExact ? [] : [said, ...lost],
      counted: { calls: sum(got.calls[SERVER] ?? {}), errors: sum(got.errors[SERVER] ?? {}) },
    };
  }
}

/** By plugin and tool. */
function countsOf(page: Buffer, family: string): Record<string, Record<string, number>> {
  const counts: Record<string, Record<string, number>> = {};
  for (const { name, labels, value } of readPage([page]).samples) {
    if (name !== family || Number(value) === 0) continue;
    const { plugin = "", tool = "" } = Object.fromEntries(labels);
    const tools = counts[plugin] ?? {};
    counts[plugin] = { ...tools, [tool]: (tools[tool] ?? 0) + Number(value) };
  }
  return counts;
}

function withoutZeros(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
