/**
 * A log beside a naive model of its retention, which keeps a promise for each entry by itself: after each
 * pruning both must begin at the same entry.
 */
import { expect, vi } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import { ownEvent } from "#audit/own-event.ts";
import { newId } from "../../harness/new-id.ts";
import { announce, runAlarms, termsAt } from "./run-pruning.ts";
import { append, ledgerOf, makeEvents, newLog, sign, storedBodies } from "./test-log.ts";

const DAY_MS = 86_400_000;

export type Step =
  | { kind: "append"; count: number }
  | { kind: "change"; days: number }
  | { kind: "wait"; days: number }
  | { kind: "prune" };

interface ModelEntry {
  recordedAtMs: number;
  days: number;
  isLedgers: boolean;
}

export class PromisingLog {
  readonly #log: LogAddress;
  readonly #entries: ModelEntry[] = [];
  #daysInForce: number;
  #minIndex = 0;

  private constructor(log: LogAddress, days: number) {
    this.#log = log;
    this.#daysInForce = days;
  }

  static async begin(days: number): Promise<PromisingLog> {
    const log = new PromisingLog(await newLog(), days);
    await log.#tell("operator.org.created", { audit_days: String(days) });
    return log;
  }

  async take(step: Step): Promise<void> {
    if (step.kind === "wait") vi.setSystemTime(Date.now() + step.days * DAY_MS);
    if (step.kind === "append") {
      await append(this.#log, makeEvents(step.count));
      this.#write(step.count);
    }
    if (step.kind === "change" && step.days !== this.#daysInForce) await this.#change(step.days);
    if (step.kind === "prune") await this.#prune();
  }

  async expectAllGone(): Promise<void> {
    const bodies = await storedBodies(this.#log);
    const left = bodies.map((body) => JSON.parse(new TextDecoder().decode(body)).action as string);
    expect(left.filter((action) => !action.startsWith("ledger."))).toEqual([]);
  }

  async #change(days: number): Promise<void> {
    const from = this.#daysInForce;
    await this.#tell("operator.org.updated", {
      "audit_days.from": String(from),
      "audit_days.to": String(days),
    });
    for (const entry of this.#entries) entry.days = Math.max(entry.days, days);
    this.#daysInForce = days;
  }

  async #tell(action: string, details: Record<string, string>): Promise<void> {
    const by = { actor: "operator:admin", recorded_by: "operator:admin" };
    await append(this.#log, [ownEvent({ action, details, event_id: newId(), ...by })]);
    this.#write(1);
  }

  #write(count: number, isLedgers = false): void {
    const entry = { recordedAtMs: Date.now(), days: this.#daysInForce, isLedgers };
    for (let at = 0; at < count; at += 1) this.#entries.push({ ...entry });
  }

  async #prune(): Promise<void> {
    const to = this.#prunable();
    const answer = await announce(this.#log, termsAt(Date.now(), this.#daysInForce));
    expect(answer).toBe(to === null ? "nothing_to_do" : "announced");
    if (to !== null) {
      this.#write(1, true);
      this.#minIndex = to;
    }
    await sign(this.#log);
    await runAlarms(this.#log);
    expect((await ledgerOf(this.#log).status())?.minIndex).toBe(this.#minIndex);
  }

  /** By the rule of README: whole bundles of 256 first, and what waited 7 days for one. */
  #prunable(): number | null {
    const isPast = ({ recordedAtMs, days }: ModelEntry, extraDays: number) =>
      recordedAtMs < Date.now() - (Math.max(days, this.#daysInForce) + extraDays) * DAY_MS;
    let end = this.#minIndex;
    while (end < this.#entries.length && isPast(this.#entries[end]!, 0)) end += 1;
    const oldest = this.#entries.slice(this.#minIndex, end).find(({ isLedgers }) => !isLedgers);
    if (oldest === undefined) return null;
    const whole = Math.floor(end / 256) * 256;
    if (whole > this.#minIndex) return whole;
    return isPast(oldest, 7) ? end : null;
  }
}
