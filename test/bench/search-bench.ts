/** Pages of a large ledger by each filter, from random places; one request at a time. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { cursorFormat, encodeCursor } from "#http/pagination.ts";
import { randomSource } from "../harness/load.ts";
import type { Runtime } from "../harness/runtime.ts";
import { sendTimed } from "../harness/timed-requests.ts";
import { type Figure, latencyFigures } from "./figure.ts";
import { AUDIT_PATH, type Filled } from "./large-log.ts";
import type { LedgerFile } from "./ledger-file.ts";

const QUERIES = 300;
const LIMIT = 100;
const HOUR_MS = 3_600_000;
const CURSOR = cursorFormat("audit", ["number", "number", "string"]);
const PREFIXES = ["tool.", "tool.call.", "tool.call.allowed", "tool.call.d", "plugin.", "plugin.f"];
const SIZED = (name: string) => `query, ${name}, limit 100`;

type Parameters = Record<string, string>;

export async function benchSearches(
  runtime: Runtime,
  filled: Filled,
  file: LedgerFile,
): Promise<Figure[]> {
  const random = randomSource(11);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const place = () => Math.floor(random() * filled.entries);
  const cursor = () => ({ cursor: encodeCursor(CURSOR, [1, place(), "desc"]) });
  const traced = filled.samples.flatMap(({ events }) => events.filter((event) => event.trace_id));
  const events = filled.samples.flatMap((report) => report.events);
  const hour = () => {
    const fromMs = filled.fromMs + random() * (filled.toMs - filled.fromMs - HOUR_MS);
    return { from: iso(fromMs), to: iso(fromMs + HOUR_MS) };
  };
  const kinds: [name: string, target: string, parameters: () => Parameters][] = [
    [
      "action_prefix=tool., random page",
      " (target ≤ 20)",
      () => ({ action_prefix: "tool.", ...cursor() }),
    ],
    [
      "random action_prefix, random page",
      " (target ≤ 20)",
      () => ({ action_prefix: pick(PREFIXES), ...cursor() }),
    ],
    ["no filter, random page", "", cursor],
    ["actor, random page", "", () => ({ actor: pick(events).actor, ...cursor() })],
    ["outcome=denied, random page", "", () => ({ outcome: "denied", ...cursor() })],
    [
      "instance, random page",
      "",
      () => ({ instance: pick(filled.samples).instance_id, ...cursor() }),
    ],
    ["one hour", "", hour],
    ["one hour, action_prefix=tool.", "", () => ({ action_prefix: "tool.", ...hour() })],
    ["one hour, actor", "", () => ({ actor: pick(events).actor, ...hour() })],
    ["request_id", "", () => ({ request_id: pick(traced).request_id ?? "" })],
    ["trace_id", "", () => ({ trace_id: pick(traced).trace_id ?? "" })],
    [
      "actor and a rare action_prefix, random page",
      "",
      () => ({ actor: pick(events).actor, action_prefix: "tool.call.denied", ...cursor() }),
    ],
    ["actor and outcome=error", "", () => ({ actor: pick(events).actor, outcome: "error" })],
    ["action=plugin.failed, rare", "", () => ({ action: "plugin.failed" })],
    ["an actor that is nowhere", "", () => ({ actor: "user:nobody" })],
    [
      "nothing to find: 2,000 entries looked at",
      "",
      () => ({ action_prefix: "tool.", instance: "none", ...cursor() }),
    ],
  ];
  const figures: Figure[] = [];
  for (const [name, target, parameters] of kinds) {
    const elapsedMs = await queries(runtime, parameters);
    figures.push(...latencyFigures(SIZED(name), elapsedMs, target));
  }
  const raw: number[] = [];
  for (let query = 0; query < QUERIES; query += 1) {
    raw.push(file.searchPrefixMs("tool.", place(), LIMIT));
    // Sockets that idle are closed by the other side: that has to be seen before they are used again.
    await nextTurn();
  }
  return [
    ...figures,
    ...latencyFigures("  raw node:sqlite, action_prefix=tool., random page", raw),
  ];
}

async function queries(runtime: Runtime, parameters: () => Parameters): Promise<number[]> {
  const requests = Array.from({ length: QUERIES }, () => {
    const query = new URLSearchParams({ ...parameters(), limit: String(LIMIT) });
    return { method: "GET", path: `${AUDIT_PATH}?${query}` };
  });
  return (await sendTimed(runtime, requests, 1)).latenciesMs;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
