/**
 * 10,000 calls in every way in which one can end: each gives one sample, one decision entry, one completion
 * where one is due, and one trace joined from its client to its upstream. MCPG_GATEWAY_CALLS sets another number.
 */

import type { Checks, Verdict } from "../checks.ts";
import { runSuite } from "../suite.ts";
import { waitUntil } from "../wait-until.ts";
import { EXACT_PATHS, type ExactPath } from "./exact-paths.ts";
import {
  type EntryRow,
  readEntries,
  readSamples,
  readSpans,
  type SampleRow,
} from "./exact-records.ts";
import { checkResets } from "./exact-resets.ts";
import { GATEWAY_OPTIONS, Gateway, gatewayClient, WORKSPACE } from "./gateway.ts";
import { startFixture, type Upstream } from "./node-process.ts";
import { type RawAnswer, RawClient } from "./raw-call.ts";

const CALLS = Number(process.env["MCPG_GATEWAY_CALLS"] ?? 600);
const CONNECTIONS = 60;
/** api.md: durable a second after the answer; the rest is for a machine that is shared. */
const SETTLED_MS_MAX = 30_000;
/** Each costs a request. */
const TRACES_READ = 20;
const VERSIONS = ["2025-11-25", "2026-07-28"] as const;

interface Made {
  path: ExactPath;
  answers: RawAnswer[];
}

interface Recorded {
  samples: SampleRow[];
  /** By invocation. */
  entries: Map<string, EntryRow[]>;
  traceparents: Record<string, string[]>;
}

export function runExactnessSuite(): Promise<Verdict> {
  return runSuite("gateway-exactness", GATEWAY_OPTIONS, async ({ checks, start }) => {
    const gateway = await Gateway.open(await gatewayClient(start));
    const rough = await startFixture("rough-server");
    const doomed = await startFixture("rough-server");
    try {
      const urls = await registerAll(gateway, rough, doomed);
      const made = await callAll(gateway, urls);
      checks.equal("calls made", made.flatMap(({ answers }) => answers).length, plannedCalls());
      const recorded = await readRecorded(gateway, rough, made);
      for (const one of made) await checkPath(gateway, checks, one, recorded);
      checkWhole(checks, made, recorded);
      await checkLimited(gateway, checks, rough);
      await checkResets(gateway, checks, rough);
    } finally {
      await rough.process.end("SIGKILL");
      await doomed.process.end("SIGKILL");
    }
  });
}

const SHARES = EXACT_PATHS.reduce((sum, { share }) => sum + share, 0);

function callsOf({ share }: ExactPath): number {
  return Math.max(2, Math.round((share / SHARES) * CALLS));
}

function plannedCalls(): number {
  return EXACT_PATHS.reduce((sum, path) => sum + callsOf(path), 0);
}

/** By path. The doomed server goes once its plugin is known. */
async function registerAll(gateway: Gateway, rough: Upstream, doomed: Upstream) {
  const urls = new Map<string, string>();
  for (const { name, way = name, timeoutMs } of EXACT_PATHS) {
    const { origin } = new URL((name === "down" ? doomed : rough).url);
    const url = await gateway.register(name, `${origin}/${way}`, {
      ...(timeoutMs !== undefined && { timeout_ms: timeoutMs }),
      on_tool_change: "quarantine",
    });
    urls.set(name, url);
    await probe(gateway, name);
  }
  await doomed.process.end();
  const forbidden = `Mcp::Plugin::"${WORKSPACE}/denied"`;
  const permit = "permit (principal, action, resource);";
  const forbid = `forbid (principal, action, resource in ${forbidden});`;
  await gateway.setPolicy(`@id("all")\n${permit}\n@id("none")\n${forbid}`, "deny");
  // Of all plugins the tools have changed, but only this one's is looked at again.
  await fetch(new URL("/control/tools", rough.url));
  await probe(gateway, "quarantined");
  return urls;
}

async function probe(gateway: Gateway, plugin: string): Promise<void> {
  const path = `${gateway.path}/workspaces/${WORKSPACE}/plugins/${plugin}/probe`;
  await gateway.client.json("POST", path, {});
}

/** All paths at once, each call's turn drawn beforehand. */
async function callAll(gateway: Gateway, urls: ReadonlyMap<string, string>): Promise<Made[]> {
  const token = await gateway.token("user:exact@acme");
  const client = new RawClient(CONNECTIONS);
  const made = EXACT_PATHS.map((path): Made => ({ path, answers: [] }));
  const turns = made.flatMap((one) => Array.from({ length: callsOf(one.path) }, () => one));
  shuffle(turns);
  const connection = async () => {
    for (let one = turns.pop(); one !== undefined; one = turns.pop()) {
      const { path, answers } = one;
      const url = urls.get(path.name) ?? "";
      const version = VERSIONS[turns.length % VERSIONS.length] ?? "2026-07-28";
      answers.push(await client.call({ url, token, version, leaves: "never", ...path.call }));
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  client.close();
  return made;
}

function shuffle<Item>(items: Item[]): void {
  for (let at = items.length - 1; at > 0; at -= 1) {
    const other = Math.floor(Math.random() * (at + 1));
    [items[at], items[other]] = [items[other] as Item, items[at] as Item];
  }
}

/** Once as many samples and completions are there as calls were made, or it takes too long. */
async function readRecorded(
  gateway: Gateway,
  rough: Upstream,
  made: readonly Made[],
): Promise<Recorded> {
  const calls = made.reduce((sum, { answers }) => sum + answers.length, 0);
  const completions = made
    .filter(({ path }) => path.completion !== null)
    .reduce((sum, { answers }) => sum + answers.length, 0);
  let samples: SampleRow[] = [];
  let entries: EntryRow[] = [];
  const areThere = async () => {
    [samples, entries] = [await readSamples(gateway), await readEntries(gateway)];
    return samples.length >= calls && entries.length >= calls + completions;
  };
  const waited = waitUntil(areThere, { msMax: SETTLED_MS_MAX, what: "all is recorded" });
  // What is missing is told path by path.
  console.log(
    `        all was recorded ${Math.round(await waited.catch(() => Number.NaN))} ms after the last answer`,
  );
  const response = await fetch(new URL("/control/read", rough.url));
  const traceparents = (await response.json()) as Record<string, string[]>;
  const byId = Map.groupBy(entries, ({ invocation_id: id }) => id ?? "none");
  return { samples, entries: byId, traceparents };
}

async function checkPath(
  gateway: Gateway,
  checks: Checks,
  { path, answers }: Made,
  { samples, entries }: Recorded,
): Promise<void> {
  const ofPath = samples.filter(({ plugin }) => plugin === path.name);
  const ofSamples = ofPath.flatMap(({ id }) => entries.get(id) ?? []);
  const is = (action: string) => ofSamples.filter((entry) => entry.action === action);
  const completed = is("tool.call.completed");
  const problems = [
    ...countProblem("samples", ofPath.length, answers.length),
    ...countProblem("their ids", new Set(ofPath.map(({ id }) => id)).size, answers.length),
    ...countProblem(`entries ${path.decision}`, is(path.decision).length, answers.length),
    ...countProblem("completions", completed.length, path.completion === null ? 0 : answers.length),
    ...countProblem(
      "entries in all",
      ofSamples.length,
      answers.length * (path.completion === null ? 1 : 2),
    ),
    ...answers.flatMap((answer) => answerProblem(path, answer)),
    ...ofPath.flatMap((sample) => sampleProblem(path, sample)),
    ...completed
      .filter(({ outcome }) => outcome !== path.completion)
      .map(({ outcome }) => `a completion says ${outcome}, not ${path.completion}`),
    ...entryCountProblems(ofPath, entries, path),
    ...(await traceProblems(gateway, path, ofPath, answers)),
  ];
  const seen = `${answers.length} calls, ${path.outcome} ${codesOf(ofPath)}`;
  checks.report(`${path.name}: one of each for each call`, [...new Set(problems)], seen);
}

function countProblem(what: string, got: number, expected: number): string[] {
  return got === expected ? [] : [`${what}: ${got}, expected ${expected}`];
}

function codesOf(samples: readonly SampleRow[]): string {
  const codes = Map.groupBy(samples, ({ error_code: code }) => code ?? "");
  return [...codes].map(([code, { length }]) => `${code} ${length}`).join(", ");
}

function answerProblem({ code }: ExactPath, answer: RawAnswer): string[] {
  if (code === undefined || answer.code === code) return [];
  return [`an answer had ${answer.status} and code ${answer.code}, expected ${code}`];
}

function sampleProblem({ outcome, errorCodes, name }: ExactPath, sample: SampleRow): string[] {
  const isCode =
    errorCodes.length === 0 ? sample.error_code !== null : errorCodes.includes(sample.error_code);
  const tool = errorCodes.includes("ambiguous") ? "__unknown__" : "work";
  if (sample.outcome === outcome && isCode && sample.tool === tool) return [];
  return [`${name}: a sample says ${sample.tool} ${sample.outcome} ${sample.error_code}`];
}

/** Not two of one call's and none of another's. */
function entryCountProblems(
  samples: readonly SampleRow[],
  entries: ReadonlyMap<string, EntryRow[]>,
  { completion }: ExactPath,
): string[] {
  const expected = completion === null ? 1 : 2;
  const wrong = samples.filter(({ id }) => (entries.get(id)?.length ?? 0) !== expected);
  return wrong.length === 0 ? [] : [`${wrong.length} calls have not ${expected} entries`];
}

/** Each call's client began a trace of its own, so that its sample is found by it. */
async function traceProblems(
  gateway: Gateway,
  path: ExactPath,
  samples: readonly SampleRow[],
  answers: readonly RawAnswer[],
): Promise<string[]> {
  const byTrace = Map.groupBy(samples, ({ trace_id: trace }) => trace ?? "none");
  const unjoined = answers.filter(({ traceId }) => byTrace.get(traceId)?.length !== 1);
  if (unjoined.length > 0) return [`${unjoined.length} calls' traces have not one sample`];
  const problems: string[] = [];
  for (const { traceId, spanId } of answers.slice(0, TRACES_READ)) {
    const [sample] = byTrace.get(traceId) ?? [];
    if (sample === undefined) continue;
    const spans = await readSpans(gateway, sample.id);
    const server = spans.find((span) => span.kind === "server" && span.parent_span_id === spanId);
    if (server === undefined) problems.push("no server's span below the client's");
    const isSent = spans.some((span) => span.kind === "client" && span.name.includes("tools/call"));
    if (path.isDispatched && !isSent) problems.push("no client's span of the upstream call");
  }
  return problems;
}

function checkWhole(
  checks: Checks,
  made: readonly Made[],
  { samples, entries, traceparents }: Recorded,
) {
  const known = new Set(samples.map(({ id }) => id));
  const foreign = [...entries.keys()].filter((id) => !known.has(id));
  checks.equal("entries of no call that has a sample", foreign.length, 0);
  const own = new Set(made.flatMap(({ answers }) => answers.map(({ traceId }) => traceId)));
  const sent = Object.values(traceparents).flat();
  const strange = sent.filter((pair) => {
    const [header = "", meta = ""] = pair.split(" ");
    const [, traceId = ""] = header.split("-");
    return header !== meta || !own.has(traceId);
  });
  const dispatched = made
    .filter(({ path }) => path.isDispatched)
    .reduce((sum, { answers }) => sum + answers.length, 0);
  checks.equal(
    "upstreams were sent each permitted call once, and no other",
    sent.length,
    dispatched,
  );
  checks.equal("in its client's trace, in header and `_meta` alike", strange.slice(0, 3), []);
  const traceSpans = new Set(sent.map((pair) => pair.slice(0, 55)));
  checks.equal("each under a span of its own", traceSpans.size, sent.length);
}

/** Which calls are limited is the clock's doing: their answers say how many. In an org of its own. */
async function checkLimited(main: Gateway, checks: Checks, rough: Upstream): Promise<void> {
  const gateway = await Gateway.open(main.client);
  const { origin } = new URL(rough.url);
  const url = await gateway.register("limited", `${origin}/ok`);
  await gateway.client.json("PATCH", gateway.path, { limits: { requests_per_minute: 60 } });
  const token = await gateway.token("user:hasty@acme");
  const client = new RawClient(CONNECTIONS);
  const call = () => client.call({ url, token, version: "2026-07-28", leaves: "never" });
  const answers = await Promise.all(Array.from({ length: 300 }, call));
  client.close();
  const limited = answers.filter(({ code }) => code === -31_002).length;
  const answered = answers.filter(({ code }) => code === null).length;
  const countAll = async () => [
    (await readSamples(gateway)).length,
    (await readEntries(gateway)).length,
  ];
  const expected = [answers.length, answers.length + answered];
  const isThere = async () => String(await countAll()) === String(expected);
  await waitUntil(isThere, { msMax: SETTLED_MS_MAX, what: "recorded" }).catch(() => undefined);
  checks.equal(
    "limited: answers, those with -31002 among them",
    [limited > 0, limited + answered],
    [true, 300],
  );
  checks.equal("limited: one sample a call, and entries", await countAll(), expected);
  const refused = (await readSamples(gateway)).filter(
    ({ outcome }) => outcome === "quota_exceeded",
  );
  const codes = [...new Set(refused.map(({ error_code: code }) => code))];
  checks.equal(
    "limited: samples that say so",
    [refused.length, ...codes],
    [limited, "rate_limited"],
  );
}
