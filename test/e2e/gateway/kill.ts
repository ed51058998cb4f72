/**
 * `kill -9` under calls: what was decided stays decided, and what the dead isolate owed is completed by the
 * log's alarm, as lost. Nothing is counted twice, or not at all.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks, Verdict } from "../checks.ts";
import { runSuite } from "../suite.ts";
import { waitUntil } from "../wait-until.ts";
import { type EntryRow, readEntries, readSamples, type SampleRow } from "./exact-records.ts";
import { GATEWAY_OPTIONS, Gateway } from "./gateway.ts";
import { startFixture } from "./node-process.ts";
import { type RawAnswer, RawClient } from "./raw-call.ts";

const CONNECTIONS = 20;
const KILLS = 3;
const BEFORE_KILL_MS = 1_500;
/** api.md: not marked alive for 60 s; and an alarm that comes when it comes. */
const LOST_MS_MAX = 150_000;

export function runGatewayKillSuite(): Promise<Verdict> {
  const options = { ...GATEWAY_OPTIONS, isKillable: true, isSilent: true };
  return runSuite("gateway-kill", options, async ({ checks, start }) => {
    const runtime = await start();
    const gateway = await Gateway.open(runtime);
    const rough = await startFixture("rough-server");
    try {
      const { origin } = new URL(rough.url);
      const quick = await gateway.register("quick", `${origin}/ok`);
      const unhurried = await gateway.register("unhurried", `${origin}/unhurried`);
      const answers = await callUnderKills(runtime, gateway, [quick, unhurried]);
      const sent = (await (await fetch(new URL("/control/read", rough.url))).json()) as Sent;
      await check(gateway, checks, answers, sent);
    } finally {
      await rough.process.end("SIGKILL");
    }
  });
}

type Sent = Record<string, string[]>;

/** Of calls that were answered; the others met a kill, or the time when nothing served. */
async function callUnderKills(
  runtime: Runtime,
  gateway: Gateway,
  urls: readonly string[],
): Promise<RawAnswer[]> {
  const token = await gateway.token("user:killed@acme");
  const client = new RawClient(CONNECTIONS);
  const answers: RawAnswer[] = [];
  let isOver = false;
  const connection = async (_: unknown, number: number) => {
    const url = urls[number % urls.length] ?? "";
    while (!isOver) {
      const call = { url, token, version: "2026-07-28", leaves: "never" } as const;
      const answer = await client.call(call).catch(() => null);
      if (answer === null || answer.code === undefined) await delay(50);
      else answers.push(answer);
    }
  };
  const load = Array.from({ length: CONNECTIONS }, connection);
  for (let kill = 0; kill < KILLS; kill += 1) {
    await delay(BEFORE_KILL_MS);
    await runtime.kill();
  }
  isOver = true;
  await Promise.all(load);
  client.close();
  return answers;
}

async function check(
  gateway: Gateway,
  checks: Checks,
  answers: readonly RawAnswer[],
  sent: Sent,
): Promise<void> {
  let entries: EntryRow[] = [];
  let samples: SampleRow[] = [];
  const isSettled = async () => {
    entries = await readEntries(gateway);
    samples = await readSamples(gateway);
    const decided = entries.filter(({ action }) => action === "tool.call.allowed").length;
    const completed = entries.filter(({ action }) => action === "tool.call.completed").length;
    return completed >= decided && samples.length >= decided;
  };
  const waited = waitUntil(isSettled, { msMax: LOST_MS_MAX, what: "all calls are completed" });
  const waitedMs = Math.round(await waited.catch(() => Number.NaN));
  checks.report(
    "each decided call is completed, and has its sample",
    Number.isNaN(waitedMs) ? ["some are not"] : [],
    `${samples.length} calls, ${answers.length} of them answered, ${waitedMs} ms after the last`,
  );
  const decided = new Set(
    entries
      .filter(({ action }) => action === "tool.call.allowed")
      .map(({ invocation_id: id }) => id),
  );
  const ids = samples.map(({ id }) => id);
  checks.equal("one sample a call", [new Set(ids).size, ids.length], [decided.size, decided.size]);
  const byId = Map.groupBy(entries, ({ invocation_id: id }) => id);
  const odd = [...byId.values()].filter(({ length }) => length !== 2);
  checks.equal("one decision and one completion a call", odd.slice(0, 3), []);
  const traces = new Set(samples.map(({ trace_id: trace }) => trace));
  const unrecorded = answers.filter(({ traceId }) => !traces.has(traceId));
  checks.equal("no answered call is missing", unrecorded.length, 0);
  const undecided = Object.values(sent)
    .flat()
    .filter((pair) => !traces.has(pair.split("-")[1] ?? ""));
  checks.equal("no upstream was sent a call that was not decided", undecided.length, 0);
  const lost = samples.filter(({ error_code: code }) => code === "lost").length;
  checks.report("calls were lost", lost > 0 ? [] : ["none was"], `${lost}`);
}
