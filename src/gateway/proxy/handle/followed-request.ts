/**
 * A request on its way to its plugin and back: what its answer, or the want of one, makes of the call that is on
 * record, and of the local figures. Settled once, by whatever comes first.
 */
import { noteOperation } from "#gateway/figures/note-operation.ts";
import { eraOf } from "#gateway/proxy/message/protocol-version.ts";
import {
  type CallOutcome,
  outcomeOfAnswer,
  outcomeOfEnd,
} from "#gateway/proxy/upstream/call-outcome.ts";
import type { RelayEnd, RpcAnswer } from "#gateway/proxy/upstream/relay-answer.ts";
import type { UpstreamFault } from "#gateway/proxy/upstream/send-upstream.ts";
import { capturePayload, isCaptured } from "#gateway/record/capture-payload.ts";
import type { BegunCall } from "#gateway/record/served-call.ts";
import { HOUR_MS, MINUTE_MS } from "#platform/time.ts";
import { answerKey, roundKey, taskKey } from "./call-keys.ts";
import { carriedPayload } from "./carried-payload.ts";
import type { Exchange } from "./exchange.ts";
import { rememberTask } from "./known-tasks.ts";
import { type Ruling, UNKNOWN_TOOL } from "./rule-message.ts";

/** A person who is asked something answers within this, or has to begin anew. */
const ROUND_MS = 10 * MINUTE_MS;
/** Of a task whose plugin does not say how long it keeps it, and of one that says more. */
const TASK_MS_MAX = 23 * HOUR_MS;
/** Clients that lose a stream come back within seconds. */
const RESUME_MS = 5 * MINUTE_MS;

export interface FollowedCall {
  /** Null where nothing of it is on record, or where it waits. */
  readonly begun: BegunCall | null;
  /** Of an answer that ends a call which another request began: takes that call over. */
  readonly claim: (() => Promise<BegunCall | null>) | null;
  /** Another request began it. */
  readonly isResumed: boolean;
}

export class FollowedRequest {
  readonly ruling: Ruling;
  readonly #exchange: Exchange;
  readonly #call: FollowedCall;
  #isSettled = false;
  #errorType: string | null = null;

  constructor(exchange: Exchange, ruling: Ruling, call: FollowedCall) {
    this.#exchange = exchange;
    this.ruling = ruling;
    this.#call = call;
  }

  get decisionId(): string | null {
    return this.#call.begun?.start.id ?? null;
  }

  /** What was wrong with its answer; null while there is none. */
  get errorType(): string | null {
    return this.#errorType;
  }

  /** As the call's record has it; of a call that goes on with another request there is no telling. */
  get dispatchSpanId(): string | null {
    return this.#call.isResumed ? null : (this.#call.begun?.start.dispatchSpanId ?? null);
  }

  /** Resolves once the answer may go on: what its client then comes back with is known by then. */
  async onAnswer(answer: RpcAnswer): Promise<void> {
    if (this.#isSettled) return;
    const { waitsFor, isFinal: _, ...outcome } = outcomeOfAnswer(answer);
    if (waitsFor === null) return this.#settle(outcome, answer);
    this.#isSettled = true;
    this.#note(waitsFor.kind, null);
    const x = this.#exchange;
    const { begun } = this.#call;
    if (waitsFor.kind === "round") {
      const key = roundKey(x, this.ruling.message, waitsFor.state);
      return begun?.wait(key, Date.now() + ROUND_MS);
    }
    const key = taskKey(x, waitsFor.taskId);
    rememberTask(key);
    await begun?.wait(key, Date.now() + Math.min(waitsFor.ttlMs ?? TASK_MS_MAX, TASK_MS_MAX));
  }

  /** The plugin gave no answer, as far as this request goes. */
  async onEnd(end: RelayEnd | UpstreamFault | number): Promise<void> {
    if (this.#isSettled) return;
    if (end !== "detached") return this.#settle(outcomeOfEnd(end), null);
    this.#isSettled = true;
    const key = answerKey(this.#exchange, this.ruling.message.id);
    await this.#call.begun?.wait(key, Date.now() + RESUME_MS);
  }

  async #settle(outcome: CallOutcome, answer: RpcAnswer | null): Promise<void> {
    this.#isSettled = true;
    this.#note(outcome.outcome, outcome.errorCode);
    const { begun, claim } = this.#call;
    const isTasksEnd = answer !== null && tellsTasksEnd(this.ruling, answer);
    const ended = begun ?? (isTasksEnd ? await claim?.() : null);
    ended?.end({ ...outcome, responseBytes: answer?.bytes ?? 0, endedAtMs: Date.now() });
    if (ended) this.#capture(ended, answer);
  }

  #capture({ start }: BegunCall, answer: RpcAnswer | null): void {
    const x = this.#exchange;
    // An answer that came by another request's stream: whether its own was to be captured is not known there.
    const isOfStream = this.ruling.message.params === null;
    if (isOfStream || start.isUncaptured || !isCaptured(x)) return;
    const carried = carriedPayload(this.ruling.message, answer);
    x.ctx.waitUntil(capturePayload(x.env, x.org, start, carried));
  }

  #note(outcome: string, errorType: string | null): void {
    this.#errorType = errorType;
    noteServed(this.#exchange, this.ruling, { outcome, errorType });
  }
}

/**
 * A poll that failed, and a message that was taken, say nothing of the task: it goes on. So it does, before
 * 2026-07-28, where it has completed: how, tasks/result says, which whoever asks for it is still the owner of.
 */
function tellsTasksEnd({ message }: Ruling, { result }: RpcAnswer): boolean {
  if (message.method === "tasks/result") return true;
  const isFetchedLater = eraOf(message.version) === "legacy" && result?.["status"] === "completed";
  return typeof result?.["taskId"] === "string" && !isFetchedLater;
}

/** How a request went, in the figures of this deployment's own. */
export function noteServed(
  { env, ctx, org, plugin, version, startedAtMs }: Exchange,
  { message, target, rule, tool }: Ruling,
  went: { outcome: string; errorType: string | null },
): void {
  const atMs = Date.now();
  noteOperation(env, ctx, {
    org,
    workspace: plugin.workspace,
    plugin: plugin.plugin,
    method: message.method ?? "",
    // Names that no list has are whatever a caller makes up.
    tool: rule.kind === "call" ? (tool === null ? UNKNOWN_TOOL : target) : null,
    ...went,
    version,
    durationMs: Math.max(0, atMs - startedAtMs),
    atMs,
  });
}
