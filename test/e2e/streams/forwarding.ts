/** Audit entries through a receiver that fails at random, and a runtime that is killed: every one arrives, in order. */
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { waitUntil } from "../wait-until.ts";
import { type Batch, FAULTS, type Fault, type Sink } from "./sink.ts";

const ORG = "forwarded";
const REPORTS = 40;
const EVENTS = 100;
const KILL_EVERY = 7;
const PAUSE_MS_MAX = 400;
/** By then each fault has struck, unless the machine is very slow. */
const FAULTY_MS_MAX = 120_000;
/** Each takes ten seconds to be given up. */
const SLOW = new Set<Fault>(["hang", "stuck"]);
const SLOW_MAX = 2;
const CAUGHT_UP_MS_MAX = 180_000;

export async function runForwarding(runtime: Runtime, sink: Sink, checks: Checks): Promise<void> {
  await runtime.makeOrg(ORG);
  const forward = { endpoint: `${sink.url}/in`, headers: { authorization: "Bearer t0ken" } };
  await runtime.json("PUT", `/v1/orgs/${ORG}/observability`, { audit: { forward } });
  sink.next = randomFault();
  const ticking = new AbortController();
  const ticks = keepTicking(runtime, ticking.signal);
  const overAt = performance.now() + FAULTY_MS_MAX;
  const isOver = () =>
    FAULTS.every((fault) => sink.faults.has(fault)) || performance.now() > overAt;
  for (let report = 0; report < REPORTS || !isOver(); report++) {
    await append(runtime, report);
    await delay(Math.random() * PAUSE_MS_MAX);
    if (report % KILL_EVERY === 3) await runtime.kill();
  }
  const faults = new Map(sink.faults);
  sink.next = () => null;
  await caughtUp(runtime);
  ticking.abort();
  await ticks;
  const exported = await runtime.text("GET", `/v1/orgs/${ORG}/audit/export`);
  reportForwarding(checks, sink, exported.slice(0, -1).split("\n"), runtime.kills);
  const kinds = [...faults].map(([fault, times]) => `${fault} ${times}`).join(", ");
  const missing = FAULTS.filter((fault) => !faults.has(fault));
  checks.report("the receiver failed in every way", missing, kinds);
}

function reportForwarding(checks: Checks, sink: Sink, expected: string[], kills: number): void {
  const batches = sink.taken.filter(({ path }) => path === "/in");
  const arrived = batches.flatMap(linesOf);
  const first = [...new Set(arrived)];
  const wrong = first.findIndex((line, at) => line !== expected[at]);
  const problems = wrong === -1 ? [] : [`entry ${wrong} is another one, or out of order`];
  const seen = `${expected.length} entries in ${batches.length} requests, ${arrived.length - first.length} repeated, ${kills} kills`;
  checks.report("every entry arrives in order, though the receiver fails", problems, seen);
  checks.equal(
    "none is missing, and there is none that the log has not",
    first.length,
    expected.length,
  );
  checks.report("requests hold what their headers say", batches.flatMap(refuted(expected)));
  checks.report("the chain holds over what arrived", brokenLinks(first));
  checks.equal("no redirect is followed", sink.followed, 0);
}

function linesOf({ body }: Batch): string[] {
  return body.toString().slice(0, -1).split("\n");
}

function refuted(expected: readonly string[]) {
  return (batch: Batch): string[] => {
    const [from, last] = ["first", "last"].map((end) => Number(batch.headers[`x-mcpg-${end}-seq`]));
    const lines = linesOf(batch);
    const isRight = lines.every((line, at) => line === expected[(from ?? 0) + at]);
    const isWhole = lines.length === (last ?? 0) - (from ?? 0) + 1;
    const isKnown = batch.headers.authorization === "Bearer t0ken";
    return isRight && isWhole && isKnown ? [] : [`${batch.headers["idempotency-key"]}`];
  };
}

function brokenLinks(lines: readonly string[]): string[] {
  return lines.flatMap((line, at) => {
    const before = lines[at - 1];
    const hash = before && createHash("sha256").update(before).digest("hex");
    return (JSON.parse(line) as { previous_hash: string }).previous_hash ===
      (hash ?? "0".repeat(64))
      ? []
      : [`entry ${at}`];
  });
}

/** Most requests fail, until each fault struck; then half of them. */
function randomFault(): () => Fault | null {
  const first = [...FAULTS].sort((left, right) => Number(SLOW.has(left)) - Number(SLOW.has(right)));
  let slow = 0;
  return () => {
    if (Math.random() < (first.length > 0 ? 0.15 : 0.5)) return null;
    const fault = first.shift() ?? FAULTS[Math.floor(Math.random() * FAULTS.length)]!;
    if (!SLOW.has(fault)) return fault;
    slow += 1;
    return slow > SLOW_MAX ? "500" : fault;
  };
}

async function append(runtime: Runtime, report: number): Promise<void> {
  const events = Array.from({ length: EVENTS }, (_, at) => ({
    event_id: crypto.randomUUID(),
    actor: `user:${report}-${at}@acme`,
    action: "tool.call.allowed",
    outcome: "allowed",
    details: { note: "ü".repeat(at) },
  }));
  // An answer that a kill cost is asked for again: the ids make it the same report.
  for (;;) {
    const body = { instance_id: "gw-1", events };
    const sent = runtime.send("POST", `/v1/orgs/${ORG}/audit`, { body });
    const answer = await sent.catch(() => null);
    if (answer?.status === 201) return;
    await delay(50);
  }
}

/** Two at a time: ticks come twice, late, and over one another. */
async function keepTicking(runtime: Runtime, signal: AbortSignal): Promise<void> {
  const one = async (path: string, pauseMs: number) => {
    while (!signal.aborted) {
      await runtime.send("POST", path).catch(() => undefined);
      await delay(pauseMs);
    }
  };
  await Promise.all([one("/streams/tick?later", 150), one("/streams/tick", 400)]);
}

interface Status {
  audit: { next_seq: number; last_error: string | null };
}

async function caughtUp(runtime: Runtime): Promise<void> {
  const isCaughtUp = async () => {
    const { audit } = await runtime.json<Status>("GET", `/v1/orgs/${ORG}/observability/status`);
    const log = await runtime.json<{ tree_size: number }>("GET", `/v1/orgs/${ORG}/audit/status`);
    return audit.next_seq === log.tree_size && audit.last_error === null;
  };
  await waitUntil(() => isCaughtUp().catch(() => false), {
    msMax: CAUGHT_UP_MS_MAX,
    what: "all is forwarded",
  });
}
