/** One org's log as its clients see it: what was acknowledged, and every checkpoint ever handed out. */

import { parseCheckpointNote } from "#formats/ledger/evidence.ts";
import type { Checkpoint } from "#formats/tlog/checkpoint.ts";
import { type Answer, wasUnderWay } from "../../harness/http-client.ts";
import type { Runtime } from "../../harness/runtime.ts";
import type { SentEvent } from "./events.ts";

export interface Receipt {
  seq: number;
  event_id: string;
  hash: string;
  previous_hash: string;
}

export interface LogStatus {
  tree_size: number;
  checkpoint: { size: number } | null;
  unsigned_entries: number;
  minimum_index: number;
  frozen: boolean;
  frozen_reason: string | null;
  successor: number | null;
  holds: number;
}

/** The signer's row in D1, as far as tests look at it. */
export interface SignerRow {
  tree_size: number;
  signed_size: number;
  published_size: number;
  sign_after_ms: number | null;
  frozen_reason: string | null;
}

/** A request is resent until it is answered; a Worker that stays down fails the test instead. */
const TRIES_MAX = 60;

export class LogClient {
  readonly acknowledged = new Map<string, { event: SentEvent; receipt: Receipt }>();
  readonly checkpoints = new Map<string, Checkpoint>();
  readonly problems: string[] = [];
  unanswered = 0;
  readonly runtime: Runtime;
  readonly org: string;
  readonly path: string;

  constructor(runtime: Runtime, org: string) {
    this.runtime = runtime;
    this.org = org;
    this.path = `/v1/orgs/${org}/audit`;
  }

  /** Resends until it is acknowledged. */
  async append(events: readonly SentEvent[]): Promise<Receipt[]> {
    const body = { instance_id: "gw-1", events };
    const answer = await this.persist("POST", this.path, body);
    if (answer.status !== 201) throw new Error(`append: ${answer.status} ${answer.body}`);
    const { receipts } = JSON.parse(answer.body.toString()) as { receipts: Receipt[] };
    if (receipts.length !== events.length) {
      this.problems.push(`${receipts.length} receipts for ${events.length} events`);
    }
    for (const [index, event] of events.entries()) this.#acknowledge(event, receipts[index]!);
    return receipts;
  }

  #acknowledge(event: SentEvent, receipt: Receipt): void {
    const before = this.acknowledged.get(event.event_id)?.receipt;
    if (receipt.event_id !== event.event_id) {
      this.problems.push(`${event.event_id} has the receipt of ${receipt.event_id}`);
    }
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(receipt)) {
      const [got, expected] = [JSON.stringify(receipt), JSON.stringify(before)];
      this.problems.push(`another receipt for the same event: ${got}, first ${expected}`);
    }
    this.acknowledged.set(event.event_id, { event, receipt });
  }

  /** One attempt: null without an answer, or if there is nothing to serve. */
  async readCheckpoint(): Promise<string | null> {
    return this.#note(await this.#attempt("GET", `${this.path}/log/checkpoint`));
  }

  /** One attempt. */
  async trySign(): Promise<string | null> {
    return this.#note(await this.#attempt("POST", `${this.path}/checkpoint`));
  }

  async sign(): Promise<string> {
    const answer = await this.persist("POST", `${this.path}/checkpoint`);
    return this.#note(answer) ?? this.#refuse("checkpoint", answer);
  }

  async rotate(): Promise<void> {
    const answer = await this.persist("POST", `${this.path}/keys/rotate`);
    if (answer.status !== 200) this.#refuse("rotate", answer);
  }

  status(): Promise<LogStatus> {
    return this.read(`${this.path}/status`);
  }

  row(): Promise<SignerRow> {
    return this.read(`/ledger/row?org=${this.org}`);
  }

  /** Whatever kills are under way. */
  async read<Body>(path: string): Promise<Body> {
    const { status, body } = await this.persist("GET", path);
    if (status >= 300) throw new Error(`GET ${path}: ${status} ${body}`);
    return JSON.parse(body.toString()) as Body;
  }

  /** Until it is answered by anything but a failure of ours. */
  async persist(method: string, path: string, value?: unknown): Promise<Answer> {
    let last: Answer | null = null;
    for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
      last = await this.#attempt(method, path, value);
      if (last !== null && (last.status < 500 || isFrozen(last))) return last;
      await this.runtime.ready();
    }
    throw new Error(`${method} ${path}: ${last?.status ?? "no answer"} ${last?.body ?? ""}`);
  }

  async #attempt(method: string, path: string, value?: unknown): Promise<Answer | null> {
    return this.runtime.send(method, path, { body: value }).catch((error: Error) => {
      if (wasUnderWay(error)) this.unanswered += 1;
      return null;
    });
  }

  #note(answer: Answer | null): string | null {
    if (answer?.status !== 200) return null;
    const text = answer.body.toString();
    const checkpoint = parseCheckpointNote(text)?.checkpoint;
    if (checkpoint === undefined) this.problems.push(`not a checkpoint: ${text}`);
    else this.checkpoints.set(text, checkpoint);
    return text;
  }

  #refuse(what: string, { status, body }: Answer): never {
    throw new Error(`${this.org}: ${what}: ${status} ${body}`);
  }
}

function isFrozen({ status, body }: Answer): boolean {
  return status === 503 && body.includes('"ledger_frozen"');
}
