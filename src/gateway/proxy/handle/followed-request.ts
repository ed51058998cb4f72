/**
 * A request on its way to its plugin and back: what its answer, or the want of one, makes of the call that is on
 * record, and of the local figures. Settled once, by whatever comes first.
 */
import { noteOperation } from "#gateway/figures/note-operation.ts";
import { outcomeOfAnswer, outcomeOfEnd, type RelayOutcome } from "#gateway/proxy/upstream/call-outcome.ts";
import type { RelayEnd, RpcAnswer } from "#gateway/proxy/upstream/relay-answer.ts";
import type { BegunCall } from "#gateway/record/begin-call.ts";
import { HOUR_MS, MINUTE_MS } from "#platform/time.ts";
import { answerKey, roundKey, taskKey } from "./call-keys.ts";
import type { Exchange } from "./exchange.ts";
import type { Ruling } from "./rule-message.ts";

/** A person who is asked something answers within this, or has to begin anew. */
const ROUND_MS = 10 * MINUTE_MS;
/** Of a task whose plugin does not say how long it keeps it; and of one that says more. */
const TASK_MS_MAX = 24 * HOUR_MS;
/** Clients that lose a stream come back within seconds. */
const RESUME_MS = 5 * MINUTE_MS;

export class FollowedRequest {
  readonly ruling: Ruling;
  /** Null where nothing of it is on record. */
  readonly begun: BegunCall | null;
  readonly #exchange: Exchange;
  #isSettled = false;

  constructor(exchange: Exchange, ruling: Ruling, begun: BegunCall | null) {
    this.#exchange = exchange;
    this.ruling = ruling;
    this.begun = begun;
  }

  get decisionId(): string | null {
    return this.begun?.start.id ?? null;
  }

  onAnswer(answer: RpcAnswer): void {
    if (this.#isSettled) return;
    const { waitsFor, ...outcome } = outcomeOfAnswer(answer);
    if (waitsFor === null || this.begun === null) {
      this.#settle(outcome, answer.bytes);
      return;
    }
    this.#isSettled = true;
    const x = this.#exchange;
    this.#note(waitsFor.kind, null);
    if (waitsFor.kind === "round") {
      this.begun.wait(roundKey(x, this.ruling.message, waitsFor.state), Date.now() + ROUND_MS);
      return;
    }
    const taskMs = Math.min(waitsFor.ttlMs ?? TASK_MS_MAX, TASK_MS_MAX);
    this.begun.wait(taskKey(x, waitsFor.taskId), Date.now() + taskMs);
  }

  /** The plugin gave no answer, as far as this request goes. */
  onEnd(end: RelayEnd): void {
    if (this.#isSettled) return;
    if (end.kind === "detached") {
      this.#isSettled = true;
      const { idText } = this.ruling.message;
      this.begun?.wait(answerKey(this.#exchange, idText ?? ""), Date.now() + RESUME_MS);
      return;
    }
    this.#settle(outcomeOfEnd(end), 0);
  }

  #settle(outcome: RelayOutcome, responseBytes: number): void {
    this.#isSettled = true;
    this.begun?.end({ ...outcome, responseBytes, endedAtMs: Date.now() });
    this.#note(outcome.outcome, outcome.errorCode);
  }

  #note(outcome: string, errorType: string | null): void {
    const { env, ctx, org, plugin, version, startedAtMs } = this.#exchange;
    const { message, target, rule } = this.ruling;
    const atMs = Date.now();
    noteOperation(env, ctx, {
      org,
      workspace: plugin.workspace,
      plugin: plugin.plugin,
      method: message.method ?? "",
      tool: rule.kind === "call" ? target : null,
      outcome,
      errorType,
      version,
      durationMs: Math.max(0, atMs - startedAtMs),
      atMs,
    });
  }
}
