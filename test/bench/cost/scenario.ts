/** What is played: how much traffic, of what, and for how long. */

/** Calls as gateways report them, with readers, ticks and pruning. */
export interface CallScenario {
  kind: "calls";
  callsPerSecond: number;
  series: number;
  reportSize: number;
  minutes: number;
}

/** Decisions and completions as gateways append them, with what signs and prunes them. */
export interface LedgerScenario {
  kind: "ledger";
  callsPerSecond: number;
  eventsPerAppend: number;
  minutes: number;
}

/**
 * Calls through the gateway of the service: in real time, for it gathers by real timers. All that came in the few
 * minutes is folded at their end, which is more a call than a quarter of an hour takes.
 */
export interface GatewayScenario {
  kind: "gateway";
  callsPerSecond: number;
  series: number;
  minutes: number;
}

export type Scenario = CallScenario | LedgerScenario | GatewayScenario;

const calls = (
  callsPerSecond: number,
  series: number,
  reportSize: number,
  minutes: number,
): CallScenario => ({ kind: "calls", callsPerSecond, series, reportSize, minutes });

/** By suite. An hour where that takes about a minute, else a part of it: its rates are those of the hour. */
export const SCENARIOS: Record<string, Scenario> = {
  "cost-12-1k-by500": calls(12, 1_000, 500, 60),
  "cost-12-1k-by10": calls(12, 1_000, 10, 30),
  "cost-12-1k-by1": calls(12, 1_000, 1, 15),
  "cost-12-10k-by500": calls(12, 10_000, 500, 15),
  "cost-200-1k-by500": calls(200, 1_000, 500, 10),
  "cost-200-1k-by10": calls(200, 1_000, 10, 3),
  "cost-200-10k-by500": calls(200, 10_000, 500, 5),
  "cost-ledger-by256": { kind: "ledger", callsPerSecond: 12, eventsPerAppend: 256, minutes: 60 },
  "cost-ledger-by1": { kind: "ledger", callsPerSecond: 12, eventsPerAppend: 1, minutes: 10 },
  "cost-gateway-12": { kind: "gateway", callsPerSecond: 12, series: 1_000, minutes: 1 },
  "cost-gateway-200": { kind: "gateway", callsPerSecond: 200, series: 1_000, minutes: 1 },
};

export function nameOf(scenario: Scenario): string {
  const { kind, callsPerSecond, minutes } = scenario;
  const rate = `${callsPerSecond} calls/s`;
  const length = `${minutes} min`;
  if (kind === "ledger") {
    return `ledger, ${rate}, ${scenario.eventsPerAppend} events an append, ${length}`;
  }
  const series = `${scenario.series.toLocaleString("en")} series`;
  if (kind === "gateway") return `gateway's own, ${rate}, ${series}, ${length}`;
  return `${rate}, ${series}, reports of ${scenario.reportSize}, ${length}`;
}
