/** Decisions a second by the size of the set, one after the other: an isolate's processor decides one at a time. */
import type { Runtime } from "../harness/runtime.ts";
import { workerdBytes, workerdCpuMs } from "../harness/workerd-usage.ts";
import { type Figure, median } from "./figure.ts";

const SETS = [1, 50, 500];
const PLUGINS = 10;
const RUNS = 5;
const DECISIONS = 500;

export const POLICY_BENCH_WORKER = "test/bench/policy-worker.ts";

/** A permit for all, and forbids: in one of ten plugins each, or (`isWide`) on every tool there is. */
function policiesOf(size: number, isWide: boolean): string {
  const forbids = Array.from({ length: size - 1 }, (_, index) => {
    const resource = isWide ? "resource" : `resource in Mcp::Plugin::"w/p${index % PLUGINS}"`;
    return `@id("forbid-${index}") @reason("no ${index}")
forbid(principal in Mcp::Group::"group-${index}", action in Mcp::Action::"call", ${resource})
when { context has input && context.input has path && context.input.path like "/etc/${index}/*" };`;
  });
  return [`permit(principal, action, resource);`, ...forbids].join("\n");
}

export async function benchPolicy(runtime: Runtime): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const isWide of [false, true]) {
    for (const size of SETS) figures.push(...(await benchSet(runtime, size, isWide)));
  }
  figures.push(...(await benchInputs(runtime)));
  return [...figures, { name: "  workerd, resident", value: workerdBytes() / 1e6, unit: "MB" }];
}

async function benchSet(runtime: Runtime, size: number, isWide: boolean): Promise<Figure[]> {
  const org = `bench-policy-${size}${isWide ? "-wide" : ""}`;
  await runtime.makeOrg(org);
  const at = `${size} policies, ${isWide ? "each on every tool" : `each on one of ${PLUGINS} plugins`}`;
  const policies = policiesOf(size, isWide);
  const putMs = await elapsed(() => putBenchPolicy(runtime, org, policies));
  const firstMs = await elapsed(() => ask(runtime, "decide", { org, times: 1 }));
  const cpuMs = workerdCpuMs();
  const decideMs = await timesOf(() => ask(runtime, "decide", { org, times: DECISIONS }));
  const cpuEachMs = (workerdCpuMs() - cpuMs) / (RUNS * DECISIONS);
  const each = median(decideMs) / DECISIONS;
  const listMs = median(await timesOf(() => ask(runtime, "list", { org, times: 1, tools: 1_000 })));
  return [
    { name: `decisions, ${at}`, value: 1_000 / each, unit: "/s" },
    { name: "  one", value: each, unit: "ms" },
    { name: "  workerd's processor time, one", value: cpuEachMs, unit: "ms" },
    { name: "  the first, which prepares the set", value: firstMs, unit: "ms" },
    { name: "  a list of 1,000 tools", value: listMs, unit: "ms" },
    { name: `  PUT, ${(policies.length / 1_024).toFixed(0)} KiB`, value: putMs, unit: "ms" },
  ];
}

/** What the size of a text argument that a policy reads costs. */
async function benchInputs(runtime: Runtime): Promise<Figure[]> {
  const org = "bench-policy-50";
  const figures: Figure[] = [];
  for (const characters of [10, 10_000, 250_000]) {
    const times = 50;
    const ms = median(await timesOf(() => ask(runtime, "decide", { org, times, characters })));
    figures.push({
      name: `  an argument of ${characters} characters`,
      value: ms / times,
      unit: "ms",
    });
  }
  return figures;
}

async function putBenchPolicy(runtime: Runtime, org: string, policies: string): Promise<void> {
  await runtime.json("PUT", `/v1/orgs/${org}/policy`, { policies, default: "deny" });
}

async function ask(
  runtime: Runtime,
  what: "decide" | "list",
  parameters: Record<string, string | number>,
): Promise<void> {
  const query = new URLSearchParams(parameters as Record<string, string>);
  const { permitted } = await runtime.json<{ permitted: number }>(
    "GET",
    `/bench/policy/${what}?${query}`,
  );
  if (permitted !== Number(parameters["times"]) * Number(parameters["tools"] ?? 1)) {
    throw new Error(`${permitted} were permitted`);
  }
}

async function timesOf(run: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < RUNS; count += 1) times.push(await elapsed(run));
  return times;
}

async function elapsed(run: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}
