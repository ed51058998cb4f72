/** Audit events as a fleet of gateways reports them; the same for us and for every baseline. */
import { randomFillSync } from "node:crypto";
import type { ReportedEvent } from "#audit/audit-event-schema.ts";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { hex, randomSource } from "./load.ts";

export interface AuditLoad {
  /** Else the service makes them. */
  hasEventIds: boolean;
  /** Of the tool calls, how many name their request and trace: 0 to 1. */
  tracedShare: number;
}

export interface AuditReport {
  instance_id: string;
  events: ReportedEvent[];
}

const INSTANCES = 8;
const ACTORS = 97;
const TOOLS = 200;
/** Of 1,000 tool calls, how their decisions go; the rest is allowed. */
const DENIED = 40;
const DEFERRED = 10;
const FAILED = 10;
const WITH_OBLIGATIONS = 50;
const PLUGIN_EVENTS_EVERY = 50;
const PLUGIN_ACTIONS = ["registered", "updated", "removed", "loaded", "unloaded", "failed"];

/** Two events of a tool call, and now and then one of a plugin. They occur `stepMs` apart. */
export class AuditFleet {
  readonly #random: () => number;
  readonly #load: AuditLoad;
  readonly #stepMs: number;
  #nextMs: number;
  #calls = 0;
  #reports = 0;

  constructor(load: AuditLoad, seed: number, { fromMs = Date.now(), stepMs = 0 } = {}) {
    this.#load = load;
    this.#random = randomSource(seed);
    this.#nextMs = fromMs;
    this.#stepMs = stepMs;
  }

  report(size: number): AuditReport {
    const events: ReportedEvent[] = [];
    while (events.length < size) events.push(...this.#eventsOfCall());
    this.#reports += 1;
    return { instance_id: `gw-${this.#reports % INSTANCES}`, events: events.slice(0, size) };
  }

  #eventsOfCall(): ReportedEvent[] {
    this.#calls += 1;
    if (this.#calls % PLUGIN_EVENTS_EVERY === 0) return [this.#pluginEvent()];
    const tool = this.#pick(TOOLS);
    const isTraced = this.#random() < this.#load.tracedShare;
    const common = {
      actor: `user:${tool % ACTORS}@acme`,
      target: `tool://plugin-${tool % 20}/tool_${tool}`,
      workspace: tool % 3 === 0 ? "staging" : "prod",
      ...(isTraced ? { request_id: `req_${hex(10)}`, trace_id: hex(16) } : {}),
    };
    const decided = this.#event({
      ...common,
      ...this.#decision(),
      details: { policy: "production", rule: `rule-${tool % 40}` },
    });
    if (decided.outcome === "denied") return [decided];
    const completed = this.#event({
      ...common,
      action: "tool.call.completed",
      outcome: this.#pick(1_000) < FAILED ? "error" : "allowed",
      details: { duration: `${this.#pick(900)}ms`, cached: tool % 5 === 0 },
    });
    return [decided, completed];
  }

  #decision(): Pick<ReportedEvent, "action" | "outcome"> {
    const dice = this.#pick(1_000);
    if (dice < DENIED) return { action: "tool.call.denied", outcome: "denied" };
    if (dice < DENIED + DEFERRED) return { action: "tool.call.challenged", outcome: "deferred" };
    const hasObligations = dice < DENIED + DEFERRED + WITH_OBLIGATIONS;
    const action = hasObligations ? "tool.call.allowed_with_obligations" : "tool.call.allowed";
    return { action, outcome: "allowed" };
  }

  #pluginEvent(): ReportedEvent {
    const plugin = this.#pick(20);
    const what = PLUGIN_ACTIONS[this.#pick(PLUGIN_ACTIONS.length)] ?? "";
    return this.#event({
      actor: "system:gateway",
      action: `plugin.${what}`,
      outcome: what === "failed" ? "error" : "allowed",
      target: `plugin://plugin-${plugin}`,
      workspace: "prod",
      details: { version: `1.${plugin}.0`, reason: "reconciled with its manifest" },
    });
  }

  #event(event: ReportedEvent): ReportedEvent {
    const occurredAtMs = Math.floor(this.#nextMs);
    this.#nextMs += this.#stepMs;
    const random = () => randomFillSync(new Uint8Array(10));
    return {
      ...(this.#load.hasEventIds ? { event_id: uuid7FromRandom(Date.now(), random()) } : {}),
      occurred_at: new Date(occurredAtMs).toISOString(),
      ...event,
    };
  }

  #pick(count: number): number {
    return Math.floor(this.#random() * count);
  }
}

export function makeAuditReports(
  count: number,
  size: number,
  load: AuditLoad,
  seed: number,
): AuditReport[] {
  const fleet = new AuditFleet(load, seed);
  return Array.from({ length: count }, () => fleet.report(size));
}
