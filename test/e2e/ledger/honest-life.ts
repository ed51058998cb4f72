/** A log's honest life from a seed: whatever clients and operators do, in any order, through kills too. */
import {
  type CheckpointNote,
  parseCheckpointNote,
  parseHashLines,
} from "#formats/ledger/evidence.ts";
import { exitCodeOf } from "#formats/ledger/verdicts.ts";
import { parseVkey, type VerifierKey } from "#formats/tlog/note-key.ts";
import type { Answer } from "../../harness/http-client.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { EventSource, type SentEvent } from "./events.ts";
import { findUnannounced } from "./log-check.ts";
import { LogClient, type LogStatus } from "./log-client.ts";
import { auditPack } from "./pack-audit.ts";

const OPERATIONS_MIN = 2;
const OPERATIONS_MAX = 5;
const CONCURRENT_APPENDS = 4;

const OPERATIONS = {
  append: { weight: 6, run: (life: HonestLife) => life.append() },
  appendAtOnce: { weight: 3, run: (life: HonestLife) => life.appendAtOnce() },
  resend: { weight: 2, run: (life: HonestLife) => life.resend() },
  sign: { weight: 3, run: (life: HonestLife) => life.sign() },
  export: { weight: 1, run: (life: HonestLife) => life.exportLines() },
  prune: { weight: 2, run: (life: HonestLife) => life.prune() },
  hold: { weight: 1, run: (life: HonestLife) => life.hold() },
  rotate: { weight: 1, run: (life: HonestLife) => life.rotate() },
  verify: { weight: 1, run: (life: HonestLife) => life.verify() },
  scrub: { weight: 2, run: (life: HonestLife) => life.scrub() },
  recover: { weight: 0.4, run: (life: HonestLife) => life.recover() },
} as const;

interface Hold {
  id: string;
  released_at: string | null;
}

export type OperationName = keyof typeof OPERATIONS;

export class HonestLife {
  /** What was not VERIFIED, or went wrong otherwise. */
  readonly problems: string[] = [];
  readonly done: OperationName[] = [];
  verified = 0;
  readonly #client: LogClient;
  readonly #events: EventSource;
  #sent: SentEvent[] = [];
  #log = 1;
  #pinned: VerifierKey | null = null;
  #kept: CheckpointNote[] = [];

  constructor(runtime: Runtime, seed: number) {
    this.#client = new LogClient(runtime, `honest-${seed}`);
    this.#events = new EventSource(seed);
  }

  async live(): Promise<void> {
    try {
      const body = { org: this.#client.org, tier: "enterprise" };
      await this.#persist("POST", "/v1/orgs", body, [201, 409]);
      await this.#pin();
      const span = OPERATIONS_MAX - OPERATIONS_MIN + 1;
      const operations = OPERATIONS_MIN + this.#events.whole(span);
      while (this.done.length < operations) {
        const name = this.#pickOperation();
        await OPERATIONS[name].run(this);
        this.done.push(name);
      }
      await this.verify();
      await this.scrub();
      this.problems.push(...this.#client.problems);
    } catch (error) {
      this.problems.push((error as Error).message);
    }
  }

  async append(): Promise<void> {
    const events = this.#events.events(this.#events.pick([1, 1, 2, 9, 30]));
    this.#sent.push(...events);
    await this.#client.append(events);
  }

  async appendAtOnce(): Promise<void> {
    await Promise.all(Array.from({ length: CONCURRENT_APPENDS }, () => this.append()));
  }

  async resend(): Promise<void> {
    if (this.#sent.length > 0) await this.#client.append(this.#sent.slice(-20));
  }

  async sign(): Promise<string> {
    const { body } = await this.#persist("POST", `${this.#client.path}/checkpoint`);
    this.#kept.push(parseCheckpointNote(body.toString())!);
    return body.toString();
  }

  async exportLines(): Promise<void> {
    await this.#persist("GET", `${this.#client.path}/export`);
  }

  async prune(): Promise<void> {
    const { org } = this.#client;
    await this.#persist("POST", `/ledger/prune?org=${org}&overdue`);
    await this.sign();
    await this.#persist("POST", `/ledger/ring?org=${org}`);
  }

  /** While it lasts nothing is pruned, though it was announced before; nor after it without a signature. */
  async hold(): Promise<void> {
    const { org, path } = this.#client;
    if (this.#events.chance(0.5)) await this.#persist("POST", `/ledger/prune?org=${org}&overdue`);
    await this.#persist("POST", `${path}/holds`, { reason: "a case" }, [201]);
    const before = await this.#status();
    if (this.#events.chance(0.5)) await this.prune();
    const after = await this.#status();
    if (after.minimum_index !== before.minimum_index) this.problems.push("pruned under a hold");
    const { body } = await this.#persist("GET", `${path}/holds`);
    const { holds } = JSON.parse(body.toString()) as { holds: Hold[] };
    for (const { id } of holds.filter(({ released_at: at }) => at === null)) {
      await this.#persist("DELETE", `${path}/holds/${id}`, undefined, [204, 404]);
    }
    this.problems.push(...(await findUnannounced(this.#client)));
  }

  /** And verifies, as who pins keys does before the announcement may be pruned. */
  async rotate(): Promise<void> {
    await this.#persist("POST", `${this.#client.path}/keys/rotate`);
    await this.verify();
  }

  async scrub(): Promise<void> {
    const { org } = this.#client;
    await this.#persist("POST", `/ledger/scrub?org=${org}&log=${this.#log}`);
    const { frozen, frozen_reason: reason } = await this.#status();
    if (frozen) this.problems.push(`frozen by a pass: ${reason}`);
  }

  async recover(): Promise<void> {
    await this.verify();
    const { org, path } = this.#client;
    await this.#persist("POST", `/ledger/freeze?org=${org}&log=${this.#log}`);
    const recovered = await this.#persist(
      "POST",
      `${path}/recover`,
      { reason: "a test" },
      [200, 409],
    );
    if (recovered.status === 409) await this.#status();
    this.#log += 1;
    this.#sent = [];
    this.#client.acknowledged.clear();
    this.#kept = [];
    await this.#pin();
  }

  async verify(): Promise<void> {
    await this.sign();
    const { path } = this.#client;
    const { body } = await this.#persist("GET", `${path}/export?format=pack`);
    const logPath = this.#log === 1 ? "log" : `log-${this.#log}`;
    const report = await auditPack(body, {
      pinned: this.#pinned!,
      checkpoints: this.#kept,
      proofOf: async (old, now) => {
        const query = `old=${old}&new=${now}`;
        const answer = await this.#persist("GET", `${path}/${logPath}/consistency?${query}`);
        return parseHashLines(answer.body.toString());
      },
    });
    if (exitCodeOf(report.findings) !== 0) {
      this.problems.push(JSON.stringify(report.findings));
      return;
    }
    this.verified += 1;
    this.#pinned = parseVkey(report.signers.at(-1)!);
  }

  async #pin(): Promise<void> {
    const { body } = await this.#persist("GET", `${this.#client.path}/keys`);
    const { keys } = JSON.parse(body.toString()) as { keys: { vkey: string }[] };
    this.#pinned = parseVkey(keys[0]?.vkey ?? "");
  }

  async #status(): Promise<LogStatus> {
    const { body } = await this.#persist("GET", `${this.#client.path}/status`);
    return JSON.parse(body.toString()) as LogStatus;
  }

  async #persist(
    method: string,
    path: string,
    value?: unknown,
    expected: readonly number[] = [200],
  ): Promise<Answer> {
    const answer = await this.#client.persist(method, path, value);
    if (expected.includes(answer.status)) return answer;
    throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
  }

  #pickOperation(): OperationName {
    const all = Object.entries(OPERATIONS) as [OperationName, { weight: number }][];
    const total = all.reduce((sum, [, { weight }]) => sum + weight, 0);
    let left = (this.#events.whole(1e6) / 1e6) * total;
    for (const [name, { weight }] of all) {
      left -= weight;
      if (left < 0) return name;
    }
    return "append";
  }
}
