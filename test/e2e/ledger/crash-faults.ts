/**
 * A fault at each step of appending, signing, rotating and pruning, before it and once it is persisted:
 * each on a log of its own, which goes through all of these steps.
 */

import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { EventSource } from "./events.ts";
import type { Fault } from "./faults.ts";
import { findProblems, settle } from "./log-check.ts";
import { LogClient } from "./log-client.ts";

interface Step {
  name: string;
  point: string;
  /** D1 has no object to abort. */
  kinds: readonly Fault["kind"][];
}

const BOTH = ["throw", "abort"] as const;
const rpc = (method: string): Step => ({ name: `${method}`, point: `rpc:${method}`, kinds: BOTH });
const sql = (name: string, text: string): Step => ({ name, point: `sql:${text}`, kinds: BOTH });
const d1 = (name: string, text: string): Step => ({ name, point: `d1:${text}`, kinds: ["throw"] });

const STEPS: readonly Step[] = [
  rpc("append"),
  sql("insert entry", "INSERT INTO entries"),
  sql("insert tile", "INSERT INTO tiles"),
  sql("insert bundle", "INSERT INTO bundles"),
  sql("keep action", "INSERT INTO actions (action)"),
  rpc("alarm"),
  d1("tell", "bytes = coalesce(excluded.bytes, bytes)"),
  sql("remember what was told", "UPDATE log SET told_size"),
  d1("find logs to sign", "WHERE sign_after_ms IS NOT NULL AND"),
  rpc("headSince"),
  d1("recordSigned", "signed_size = step.size"),
  rpc("publish"),
  sql("publish checkpoint", "UPDATE log SET published_size"),
  d1("markPublished", "published_size = max(published_size, done.size)"),
  rpc("status"),
  d1("begin rotation", "SET rotation_seq = ?4"),
  rpc("announcePruning"),
  sql("announce pruning", "UPDATE log SET prune_to = ?"),
  sql("begin pruning", "UPDATE log SET min_index = ?"),
  sql("keep ids", "INSERT INTO pruned_ids"),
  sql("delete entries", "DELETE FROM entries"),
  sql("delete bundles", "DELETE FROM bundles"),
  rpc("beginExport"),
  d1("forget operator actions", "DELETE FROM ledger_outbox"),
];

/** An object that is gone is called once more: thrice outlasts that too. An error is an answer. */
const TIMES = { throw: 1, abort: 3 };
const FIRST_ENTRIES = 250;
/** Over the end of the first bundle of 256. */
const NEXT_ENTRIES = 12;
const TRIES_MAX = 8;

export async function runFaults(runtime: Runtime, checks: Checks): Promise<void> {
  let number = 0;
  let ticksMax = 0;
  for (const { name, point, kinds } of STEPS) {
    const faults = kinds.flatMap((kind): Fault[] => [
      { point, kind, when: "before", times: TIMES[kind] },
      { point, kind, when: "after", times: TIMES[kind] },
    ]);
    const problems: string[] = [];
    for (const fault of faults) {
      const life = new FaultyLife(runtime, number++, fault);
      const found = await life.run().catch((error: Error) => [String(error)]);
      problems.push(...found.map((problem) => `${fault.when}, ${fault.kind}: ${problem}`));
      ticksMax = Math.max(ticksMax, life.ticks);
    }
    const guarantee = `a fault at "${name}" costs nothing and freezes nothing`;
    checks.report(guarantee, problems, `${faults.length} faults`);
  }
  const seen = `${number} logs, at most ${ticksMax} ticks`;
  checks.report("ticks alone sign what a fault left", [], seen);
}

class FaultyLife {
  ticks = 0;
  readonly #runtime: Runtime;
  readonly #client: LogClient;
  readonly #events: EventSource;
  readonly #fault: Fault;

  constructor(runtime: Runtime, number: number, fault: Fault) {
    this.#runtime = runtime;
    this.#client = new LogClient(runtime, `fault-${number}`);
    this.#events = new EventSource(number);
    this.#fault = fault;
  }

  async run(): Promise<string[]> {
    const client = this.#client;
    await this.#runtime.makeOrg(client.org);
    await client.append(this.#events.events(FIRST_ENTRIES));
    await client.sign();
    await this.#arm(this.#fault);
    await this.#liveOn();
    const { struck } = await this.#arm(this.#fault);
    // Once more at the end, where no later entry brings what was left undone along with it.
    await client.append(this.#events.events(1));
    await this.#untilDone(`/ledger/prune?org=${client.org}&overdue`);
    await this.#timePasses();
    await this.#arm(null);
    const { ticks, problems } = await settle(client);
    this.ticks = ticks;
    await client.readCheckpoint();
    const missed = struck === 0 ? ["the fault never struck"] : [];
    return [...missed, ...problems, ...(await findProblems(client)), ...(await this.#findTwice())];
  }

  /** Callers repeat what failed, as they would; time brings ticks and alarms. */
  async #liveOn(): Promise<void> {
    const client = this.#client;
    await client.append(this.#events.events(NEXT_ENTRIES));
    await this.#timePasses();
    await this.#untilDone(`/ledger/prune?org=${client.org}&overdue`);
    await this.#timePasses();
    await client.rotate();
    await client.append(this.#events.events(1));
    await client.trySign();
    await this.#untilDone(`/ledger/prune?org=${client.org}&overdue`);
    await this.#timePasses();
    await this.#untilDone(`${client.path}/export`, "GET");
    await this.#untilDone(client.path.replace("/audit", "/service-tokens"), "POST", {
      name: "t",
      scopes: ["audit:read"],
    });
  }

  async #timePasses(): Promise<void> {
    for (let times = 0; times < 2; times += 1) {
      await this.#runtime.send("POST", `/ledger/ring?org=${this.#client.org}`);
      await this.#runtime.send("POST", "/ledger/tick?hurry&sign");
    }
  }

  async #untilDone(path: string, method = "POST", value?: unknown): Promise<void> {
    for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
      const { status } = await this.#runtime.send(method, path, { body: value });
      if (status < 500) return;
    }
    throw new Error(`${path}: still failing after ${TRIES_MAX} tries`);
  }

  #arm(fault: Fault | null): Promise<{ struck: number }> {
    return this.#runtime.json("POST", "/ledger/fault", fault);
  }

  /** What the ledger says of itself, once each. */
  async #findTwice(): Promise<string[]> {
    const { path } = this.#client;
    const query = "action_prefix=ledger.&limit=1000";
    const { events } = await this.#runtime.json<{ events: { event: OwnEntry }[] }>(
      "GET",
      `${path}?${query}`,
    );
    const said = events.map(
      ({ event }) => `${event.action} ${event.details?.to ?? event.details?.vkey}`,
    );
    const twice = said.filter((text, at) => said.indexOf(text) < at);
    const { minimum_index: minIndex } = await this.#client.status();
    return [
      ...twice.map((text) => `${text}: twice`),
      ...(minIndex > FIRST_ENTRIES ? [] : [`pruned up to ${minIndex} only`]),
    ];
  }
}

interface OwnEntry {
  action: string;
  details: { to?: string; vkey?: string } | null;
}
