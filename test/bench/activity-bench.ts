/**
 * Questions about a day of 5,000,000 calls of 10,000 tools. A quarter of an hour of it is reported and folded; the
 * others have the same rows, copied: building all of it by reports takes ten minutes and no row another size.
 */
import type { Runtime } from "../harness/runtime.ts";
import { fillQuarter, HOUR_MS, PLUGINS, QUARTER_MS, TOOLS } from "./activity-fill.ts";
import { type Figure, quantile } from "./figure.ts";

const ORG = "bench-activity";
const RUNS = 30;

interface Question {
  name: string;
  hours: number;
  /** Of the run: each asks of another tool or plugin. */
  query(run: number): string;
}

const tool = (run: number) => (run * 331) % TOOLS;
const QUESTIONS: readonly Question[] = [
  { name: "all calls, 1 h", hours: 1, query: () => "?step=60" },
  { name: "all calls, 24 h", hours: 24, query: () => "?step=420" },
  {
    name: "by tool, 1 h (target ≤ 300)",
    hours: 1,
    query: (run) => `?step=60&tool=tool_${tool(run)}`,
  },
  { name: "by tool, 24 h", hours: 24, query: (run) => `?step=420&tool=tool_${tool(run)}` },
  {
    name: "by plugin, 24 h (target ≤ 300)",
    hours: 24,
    query: (run) => `?step=420&plugin=plugin-${run % PLUGINS}`,
  },
  {
    name: "by plugin, 24 h, quarters",
    hours: 24,
    query: (run) => `?step=900&plugin=plugin-${run % PLUGINS}`,
  },
  { name: "heat map, 24 h", hours: 24, query: () => "/heatmap?columns=240" },
  { name: "heat map of a tool, 1 h", hours: 1, query: (run) => `/heatmap?tool=tool_${tool(run)}` },
  { name: "grouped by plugin, 24 h", hours: 24, query: () => "?group_by=plugin" },
  { name: "grouped by tool, 1 h (target ≤ 300)", hours: 1, query: () => "?group_by=tool" },
  { name: "grouped by tool, 24 h", hours: 24, query: () => "?group_by=tool" },
  { name: "top tools, 1 h (target ≤ 300)", hours: 1, query: () => "/top?by=tool" },
  {
    name: "top tools of a plugin, 24 h",
    hours: 24,
    query: (run) => `/top?by=tool&plugin=plugin-${run % PLUGINS}`,
  },
  { name: "top tools, 24 h (target ≤ 300)", hours: 24, query: () => "/top?by=tool" },
  { name: "top tools by p95, 24 h", hours: 24, query: () => "/top?by=tool&metric=p95" },
  { name: "top plugins, 24 h", hours: 24, query: () => "/top?by=plugin" },
  {
    name: "of an actor, 1 h, samples",
    hours: 1,
    query: (run) => `?step=60&actor=user:${run}@acme`,
  },
  { name: "top actors, samples (target ≤ 300)", hours: 1, query: () => "/top?by=actor" },
  { name: "top actors by p95, samples", hours: 1, query: () => "/top?by=actor&metric=p95" },
  { name: "top instances, samples", hours: 1, query: () => "/top?by=instance" },
  { name: "top error codes, samples", hours: 1, query: () => "/top?by=error_code" },
  {
    name: "compare, samples (target ≤ 300)",
    hours: 1,
    query: () => "/compare?sel_min_duration_ms=500",
  },
];

export async function benchActivity(runtime: Runtime): Promise<Figure[]> {
  await runtime.makeOrg(ORG);
  const toMs = Math.floor(Date.now() / QUARTER_MS) * QUARTER_MS;
  await fillQuarter(runtime, ORG, toMs - QUARTER_MS);
  await runtime.json("GET", `/bench/copy-activity?org=${ORG}`);
  const figures: Figure[] = [];
  for (const question of QUESTIONS) figures.push(...(await ask(runtime, question, toMs)));
  return figures;
}

async function ask(runtime: Runtime, { name, hours, query }: Question, toMs: number) {
  const elapsedMs: number[] = [];
  let rowsRead = 0;
  for (let run = 0; run < RUNS; run += 1) {
    await runtime.json("GET", "/bench/rows");
    const times = `from=${toMs - hours * HOUR_MS}&to=${toMs}`;
    const path = query(run);
    const startedAt = performance.now();
    const answer = await runtime.json<{ partial: boolean }>(
      "GET",
      `/v1/orgs/${ORG}/activity${path}${path.includes("?") ? "&" : "?"}${times}`,
    );
    elapsedMs.push(performance.now() - startedAt);
    if (answer.partial && !name.includes("samples")) throw new Error(`${name}: partial`);
    rowsRead += (await runtime.json<{ rowsRead: number }>("GET", "/bench/rows")).rowsRead;
  }
  return [
    { name: `${name}, p50`, value: quantile(elapsedMs, 0.5), unit: "ms" },
    { name: "  p95", value: quantile(elapsedMs, 0.95), unit: "ms" },
    { name: "  D1 rows read", value: rowsRead / RUNS },
  ];
}
