/**
 * What a stranger learns of an org from the time of refusals: nothing. Six requests a name, as an attacker
 * sends them, of names that are nobody's, of private orgs in use, and of deleted ones; how well any summary
 * of the six tells one kind from another is the area under its ROC curve, 0.5 for a guess.
 */
import { Runtime } from "../../harness/runtime.ts";
import { Checks, type Verdict } from "../checks.ts";
import { areaUnderCurve, shuffled } from "./roc.ts";

/** By chance alone two kinds of so many names differ by 0.02 (one standard deviation), a fifth of the room. */
const NAMES_A_KIND = 250;
const REQUESTS_A_NAME = 6;
const WARM_UP_NAMES = 50;
const AREA = { min: 0.4, max: 0.6 };

type Kind = "missing" | "private" | "deleted";
type Names = Record<Kind, string[]>;

interface Stranger {
  who: string;
  /** Null sends no token. */
  token: string | null;
  path: (org: string) => string;
  status: number;
}

/** What an attacker may make of the times. */
const SUMMARIES: Record<string, (timesMs: number[]) => number> = {
  "sum of six": (times) => times.reduce((sum, each) => sum + each, 0),
  "shortest of six": (times) => Math.min(...times),
  "median of six": (times) => times.toSorted((a, b) => a - b)[3] ?? 0,
  first: ([first = 0]) => first,
  "later five": ([, ...later]) => later.reduce((sum, each) => sum + each, 0),
};

export async function runStrangersSuite(): Promise<Verdict> {
  const checks = new Checks("strangers");
  const runtime = await Runtime.start({ connections: 1 });
  try {
    const names = await makeNames(runtime);
    for (const stranger of await strangers(runtime)) {
      await timeNames(runtime, stranger, warmUpNames());
      checkAreas(checks, stranger.who, await areasOf(runtime, stranger, names));
    }
  } finally {
    await runtime.stop();
  }
  return checks.verdict;
}

async function strangers(runtime: Runtime): Promise<Stranger[]> {
  await runtime.makeOrg("another");
  const wanted = { name: "stranger", scopes: ["audit:read"] };
  const path = "/v1/orgs/another/service-tokens";
  const { token } = await runtime.json<{ token: string }>("POST", path, wanted);
  const log = (org: string) => `/v1/orgs/${org}/audit/log/`;
  return [
    {
      who: "no token, checkpoint",
      token: null,
      path: (org) => `${log(org)}checkpoint`,
      status: 401,
    },
    { who: "no token, tile", token: null, path: (org) => `${log(org)}tile/0/000`, status: 401 },
    { who: "another org's token", token, path: (org) => `${log(org)}checkpoint`, status: 404 },
  ];
}

/** As the directory knows them: over HTTP they would take minutes. */
async function makeNames(runtime: Runtime): Promise<Names> {
  const names = (kind: string) =>
    Array.from({ length: NAMES_A_KIND }, () => `${kind}-${crypto.randomUUID()}`);
  // Of one length, for a longer path takes longer.
  const all: Names = { missing: names("a"), private: names("b"), deleted: names("c") };
  await insertOrgs(runtime, all.private, "active");
  await insertOrgs(runtime, all.deleted, "deleted");
  // Whoever has a token of them uses them, so that the Worker remembers those that there are.
  for (const org of shuffled(Object.values(all).flat())) {
    await runtime.send("GET", `/v1/orgs/${org}`);
  }
  return all;
}

async function insertOrgs(runtime: Runtime, names: string[], state: string): Promise<void> {
  const rows = names.map((org) => `('${org}', 'pro', 'SHARD_0', '${state}', 0, 0)`);
  const columns = "org, tier, shard, state, created_at_ms, updated_at_ms";
  const insert = `INSERT INTO orgs (${columns}) VALUES ${rows.join(", ")}`;
  await runtime.queryDatabase("DIRECTORY", insert);
}

function warmUpNames(): Names {
  const missing = Array.from({ length: WARM_UP_NAMES }, () => `w-${crypto.randomUUID()}`);
  return { missing, private: [], deleted: [] };
}

/** The times of each name's requests, the kinds in a random order. */
async function timeNames(
  runtime: Runtime,
  { token, path, status }: Stranger,
  names: Names,
): Promise<Record<Kind, number[][]>> {
  const timesMs: Record<Kind, number[][]> = { missing: [], private: [], deleted: [] };
  const kinds = Object.keys(names) as Kind[];
  const order = kinds.flatMap((kind) => names[kind].map((org) => ({ kind, org })));
  const sent =
    token === null ? { isAnonymous: true } : { headers: { authorization: `Bearer ${token}` } };
  for (const { kind, org } of shuffled(order)) {
    const times: number[] = [];
    for (let request = 0; request < REQUESTS_A_NAME; request += 1) {
      const startedAt = performance.now();
      const answer = await runtime.send("GET", path(org), sent);
      times.push(performance.now() - startedAt);
      if (answer.status !== status) throw new Error(`${path(org)}: ${answer.status}`);
    }
    timesMs[kind].push(times);
  }
  return timesMs;
}

interface Area {
  kind: Kind;
  summary: string;
  area: number;
}

/** Once more where one is out of bounds: chance alone does that to one run in a hundred, and seldom to two. */
async function areasOf(runtime: Runtime, stranger: Stranger, names: Names): Promise<Area[]> {
  const areas = areasBetween(await timeNames(runtime, stranger, names));
  return areas.some(isTold) ? areasBetween(await timeNames(runtime, stranger, names)) : areas;
}

function areasBetween(timesMs: Record<Kind, number[][]>): Area[] {
  return (["private", "deleted"] as const).flatMap((kind) =>
    Object.entries(SUMMARIES).map(([summary, of]) => {
      const area = areaUnderCurve(timesMs[kind].map(of), timesMs.missing.map(of));
      return { kind, summary, area };
    }),
  );
}

function isTold({ area }: Area): boolean {
  return area < AREA.min || area > AREA.max;
}

function checkAreas(checks: Checks, who: string, areas: readonly Area[]): void {
  for (const [kind, of] of Map.groupBy(areas, (area) => area.kind)) {
    checks.report(
      `${who}: the time of six refusals does not tell a ${kind} org from none`,
      of.filter(isTold).map(({ summary, area }) => `AUC ${area.toFixed(3)} by the ${summary}`),
      of.map(({ summary, area }) => `${summary} ${area.toFixed(3)}`).join(", "),
    );
  }
}
