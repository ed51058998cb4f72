/**
 * Every route with its worst request, legal and not: processor time and memory have a bound, and another
 * org's requests stay quick beside one of the dearest a second.
 */
import { Runtime } from "../../harness/runtime.ts";
import { Checks, type Verdict } from "../checks.ts";
import { besideWorst, makeNeighbour, measureIdle } from "./beside.ts";
import { dashboardRoutes } from "./dashboard-routes.ts";
import { fillOrg } from "./full-org.ts";
import { gatewayRoutes, registerWorst } from "./gateway-routes.ts";
import { CPU_MS_MAX, HEAP_MB_MAX, neighbourMsMax, slowness } from "./limits.ts";
import { type Cost, CostMeter } from "./measured-cost.ts";
import { fillPayload, payloadRoutes } from "./payload-routes.ts";
import { ROOT, type WorstRequest } from "./worst-request.ts";
import { worstRoutes } from "./worst-routes.ts";
import { WorstUpstream } from "./worst-upstream.ts";

/** The dearest of each route, and of these so many have another org beside them. */
const BESIDE = 8;

/** Enough that the other org never waits for one. */
const CONNECTIONS = 16;
const OPTIONS = {
  hasInspector: true,
  hasPolicy: true,
  connections: CONNECTIONS,
  settings: { MCPG_ALLOW_LOOPBACK: "true" },
};

export interface Measured {
  route: string;
  request: WorstRequest;
  cost: Cost;
}

export async function runWorstBodiesSuite(): Promise<Verdict> {
  const checks = new Checks("worst-bodies");
  const upstream = await WorstUpstream.start();
  const runtime = await Runtime.start(OPTIONS);
  await makeNeighbour(runtime);
  await fillOrg(runtime);
  await registerWorst(runtime, upstream.url);
  const payload = await fillPayload(runtime);
  const routes = {
    ...worstRoutes(await newestCall(runtime)),
    ...gatewayRoutes(),
    ...dashboardRoutes(),
    ...payloadRoutes(payload),
  };
  checks.report("each route of the document has its worst request", await missing(runtime, routes));
  const idleMs = await measureIdle(runtime);
  const measured = await measureAll(runtime, routes);
  const byCost = dearest(measured);
  checkCosts(checks, measured);
  const rows: string[] = [];
  const max = Math.round(neighbourMsMax(idleMs));
  for (const [at, one] of byCost.entries()) {
    const beside = at < BESIDE ? await besideAtMost(runtime, one, max) : null;
    rows.push(row(one, beside));
    if (beside === null) continue;
    const guarantee = `another org's p99 is at most ${max} ms beside ${one.request.name}`;
    checks.within(guarantee, Math.round(beside), 0, max);
  }
  console.log(`\n${header(idleMs)}\n${rows.join("\n")}\n`);
  await runtime.stop();
  upstream.stop();
  return checks.verdict;
}

/** Measured anew where it was more: a p99 of some hundred requests is two or three of them, and this machine has other work. */
async function besideAtMost(runtime: Runtime, one: Measured, maxMs: number): Promise<number> {
  const firstMs = await besideWorst(runtime, one);
  return firstMs <= maxMs ? firstMs : Math.min(firstMs, await besideWorst(runtime, one));
}

async function newestCall(runtime: Runtime): Promise<string> {
  const path = `${ROOT}/invocations?limit=1`;
  const { invocations } = await runtime.json<{ invocations: { id: string }[] }>("GET", path);
  return invocations[0]?.id ?? "";
}

type Routes = Readonly<Record<string, readonly WorstRequest[]>>;

async function missing(runtime: Runtime, routes: Routes): Promise<string[]> {
  const path = "/openapi.json";
  const { paths } = await runtime.json<{ paths: Record<string, object> }>("GET", path);
  const stated = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  const given = Object.keys(routes).filter((route) => (routes[route]?.length ?? 0) > 0);
  return [
    ...stated.filter((route) => !given.includes(route)).map((route) => `${route} has none`),
    ...given.filter((route) => !stated.includes(route)).map((route) => `there is no ${route}`),
  ];
}

async function measureAll(runtime: Runtime, routes: Routes): Promise<Measured[]> {
  const meter = await CostMeter.start(runtime);
  const measured: Measured[] = [];
  for (const [route, requests] of Object.entries(routes)) {
    const [method = ""] = route.split(" ");
    for (const request of requests) {
      const cost = await costAtMost(meter, method, request);
      measured.push({ route, request, cost });
    }
  }
  meter.stop();
  return measured;
}

const TRIES = 3;

/**
 * Measured anew where it was more, as a p99 is, and beside how slowly the machine computes just then: it has other
 * work, and a collector of garbage runs when it likes.
 */
async function costAtMost(meter: CostMeter, method: string, request: WorstRequest): Promise<Cost> {
  let least = await meter.costOf(method, request);
  const isOver = () => least.cpuMs > cpuMsMaxOf(request) || least.heapMb > HEAP_MB_MAX;
  for (let tried = 1; tried < TRIES && isOver(); tried += 1) {
    const again = await meter.costOf(method, request);
    if (again.status !== least.status) return least;
    const cpuMs = Math.min(least.cpuMs, again.cpuMs / slowness());
    least = { ...least, cpuMs, heapMb: Math.min(least.heapMb, again.heapMb) };
  }
  return least;
}

function cpuMsMaxOf({ cpuMsMax }: WorstRequest): number {
  return cpuMsMax ?? CPU_MS_MAX;
}

function checkCosts(checks: Checks, measured: readonly Measured[]): void {
  const told = ({ route, request }: Measured, what: string) => `${route}, ${request.name}: ${what}`;
  const wrong = measured.filter(({ request, cost }) => !request.statuses.includes(cost.status));
  checks.report(
    "each is answered as it should be",
    wrong.map((one) => told(one, `status ${one.cost.status}`)),
    `${measured.length} requests`,
  );
  checks.report(
    "none takes more processor time than is stated",
    measured
      .filter(({ request, cost }) => cost.cpuMs > cpuMsMaxOf(request))
      .map((one) => told(one, `${Math.round(one.cost.cpuMs)} ms of ${cpuMsMaxOf(one.request)}`)),
    `${CPU_MS_MAX} ms and more where it says so`,
  );
  checks.report(
    `the Worker's heap stays under ${HEAP_MB_MAX} MB`,
    measured
      .filter(({ cost }) => cost.heapMb > HEAP_MB_MAX)
      .map((one) => told(one, `${Math.round(one.cost.heapMb)} MB`)),
    `${Math.round(Math.max(...measured.map(({ cost }) => cost.heapMb)))} MB`,
  );
}

/** Of each route the dearest request, legal or not, the dearest route first. */
function dearest(measured: readonly Measured[]): Measured[] {
  const byRoute = Map.groupBy(measured, ({ route }) => route);
  const byCpu = (a: Measured, b: Measured) => b.cost.cpuMs - a.cost.cpuMs;
  return [...byRoute.values()].flatMap((all) => all.toSorted(byCpu).slice(0, 1)).sort(byCpu);
}

function header(idleMs: number): string {
  const columns = "CPU ms | heap MB | resident +MB | the other org's p99 ms";
  return `| route | worst request | status | ${columns} (idle ${Math.round(idleMs)}) |`;
}

function row({ route, request, cost }: Measured, besideMs: number | null): string {
  const figures = [cost.cpuMs, cost.heapMb, cost.residentMb].map((figure) => Math.round(figure));
  const beside = besideMs === null ? "" : Math.round(besideMs);
  return `| ${[route, request.name, cost.status, ...figures, beside].join(" | ")} |`;
}
