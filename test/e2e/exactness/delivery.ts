/** A fleet that resends what was not acknowledged, and the truth that its answers add up to. */
import { setTimeout as delay } from "node:timers/promises";
import { type Answer, wasUnderWay } from "../../harness/http-client.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { countedSample, idTimeMs } from "./call-samples.ts";
import type { Report, ReportFamily, Slot } from "./reports.ts";
import type { Progress } from "./scrapers.ts";
import { Truth } from "./truth.ts";

interface IngestAnswer {
  accepted: number;
  duplicates: number;
  rejected: { index: number; code: string; message: string }[];
}

/** A report is resent until it is answered; a Worker that stays down fails the test instead. */
const TRIES_MAX = 60;
const RETRY_MS = 50;

export class Delivery implements Progress {
  readonly truth = new Truth();
  readonly wrongSums: string[] = [];
  readonly wrongRefusals: string[] = [];
  readonly notOnce: string[] = [];
  answers = 0;
  unanswered = 0;
  unavailable = 0;
  readonly #runtime: Runtime;
  readonly #org: string;
  readonly #offered = new Set<string>();
  /** Acknowledged samples by key: the time in the id, the Worker's or the sample's own. */
  readonly #acknowledged = new Map<string, number>();
  #prunedBeforeMs = 0;
  /** Odd while the Worker is pruning. */
  #prunings = 0;

  constructor(runtime: Runtime, org: string) {
    this.#runtime = runtime;
    this.#org = org;
  }

  get acknowledged(): number {
    return this.truth.count;
  }

  get offered(): number {
    return this.#offered.size;
  }

  /** Acknowledged and not pruned: what the list of calls must hold. */
  get kept(): number {
    const kept = [...this.#acknowledged.values()].filter(
      (timeMs) => timeMs >= this.#prunedBeforeMs,
    );
    return kept.length;
  }

  /** Ids that were given; derived ones are the Worker's business. */
  get keptGivenIds(): string[] {
    return [...this.#acknowledged]
      .filter(([key, timeMs]) => /^[0-9a-f-]{36}$/.test(key) && timeMs >= this.#prunedBeforeMs)
      .map(([key]) => key)
      .sort();
  }

  async prune(beforeMs: number): Promise<void> {
    this.#prunings += 1;
    const query = `org=${this.#org}&before_ms=${beforeMs}`;
    await this.#runtime.json("POST", `/exactness/prune?${query}`);
    this.#prunedBeforeMs = Math.max(this.#prunedBeforeMs, beforeMs);
    this.#prunings += 1;
  }

  /** A known family has been delivered before: nothing of it may be accepted. */
  async deliver(
    { stages }: Pick<ReportFamily, "stages">,
    novelty: "new" | "known" = "new",
  ): Promise<void> {
    const unansweredBefore = new Set<string>();
    const acknowledged = new Set<string>();
    let accepted = 0;
    for (const stage of stages) {
      const answers = await Promise.all(
        stage.map((report) => this.#sendUntilAnswered(report, acknowledged, unansweredBefore)),
      );
      accepted += answers.reduce((sum, answer) => sum + answer.accepted, 0);
    }
    const most = novelty === "known" ? 0 : acknowledged.size;
    const least = Math.max(0, most - unansweredBefore.size);
    if (accepted > most || accepted < least) {
      this.notOnce.push(`${accepted} accepted, expected ${least} to ${most}`);
    }
  }

  async #sendUntilAnswered(
    report: Report,
    acknowledged: Set<string>,
    unanswered: Set<string>,
  ): Promise<IngestAnswer> {
    const keys = report.slots.flatMap((slot) => (slot === null ? [] : [slot.key]));
    for (const key of keys) this.#offered.add(key);
    for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
      const pruningsBefore = this.#prunings;
      const answer = await this.#post(report);
      if (answer !== null) {
        const isRaced = pruningsBefore !== this.#prunings || this.#prunings % 2 === 1;
        return this.#judge(report, answer, isRaced, acknowledged);
      }
      for (const key of keys) unanswered.add(key);
      await delay(RETRY_MS);
      await this.#runtime.ready();
    }
    throw new Error("A report was not answered, however often it was sent");
  }

  /** Null where the report must be sent again: no answer, or a 503. */
  async #post({ text }: Report): Promise<Answer | null> {
    const path = `/v1/orgs/${this.#org}/invocations`;
    const answer = await this.#runtime
      .send("POST", path, { body: text })
      .catch((error: Error) => this.#lose(error));
    if (answer === null || answer.status === 200) return answer;
    if (answer.status !== 503) {
      throw new Error(`A report was answered ${answer.status}: ${answer.body}`);
    }
    this.unavailable += 1;
    return null;
  }

  #lose(error: Error): null {
    if (wasUnderWay(error)) this.unanswered += 1;
    return null;
  }

  #judge(
    report: Report,
    { body }: Answer,
    isRaced: boolean,
    acknowledged: Set<string>,
  ): IngestAnswer {
    const answer = JSON.parse(body.toString()) as IngestAnswer;
    const { accepted, duplicates, rejected } = answer;
    this.answers += 1;
    const answered = accepted + duplicates + rejected.length;
    if (answered !== report.slots.length) {
      this.wrongSums.push(
        `${answered} answered of ${report.slots.length} sent: ${body.subarray(0, 200)}`,
      );
    }
    const got = rejected.map(({ index }) => index).sort((a, b) => a - b);
    const expected = isRaced ? got : this.#refusedIndexes(report.slots);
    if (got.join() !== expected.join()) {
      this.wrongRefusals.push(`rejected [${got}], expected [${expected}]`);
    }
    this.#acknowledge(report, new Set(expected), acknowledged);
    return answer;
  }

  /** Of copies within a report the first stands for all: where it is refused the others count as its duplicates. */
  #refusedIndexes(slots: readonly Slot[]): number[] {
    const seen = new Set<string>();
    return slots.flatMap((slot, index) => {
      if (slot === null) return [index];
      const isFirst = !seen.has(slot.key);
      seen.add(slot.key);
      return isFirst && idTimeMs(slot.sample) < this.#prunedBeforeMs ? [index] : [];
    });
  }

  #acknowledge(report: Report, refused: ReadonlySet<number>, acknowledged: Set<string>): void {
    const refusedKeys = new Set<string>();
    for (const [index, slot] of report.slots.entries()) {
      if (slot === null || refusedKeys.has(slot.key)) continue;
      if (refused.has(index)) {
        refusedKeys.add(slot.key);
        continue;
      }
      acknowledged.add(slot.key);
      if (this.#acknowledged.has(slot.key)) continue;
      this.#acknowledged.set(slot.key, idTimeMs(slot.sample));
      this.truth.add(countedSample(slot.sample), report.instance);
    }
  }
}
