/** An org of chosen figures, in the shapes that the API answers, as of now. */
import { type FakeAnswers, session } from "./fake-api.ts";

const MINUTE_MS = 60_000;
const STEPS = 60;

const OUTCOME_SHARES = {
  ok: 1,
  client_error: 0.02,
  server_error: 0.012,
  policy_denied: 0.008,
  quota_exceeded: 0.004,
  idempotent_replay: 0.01,
};

export const HOSTILE_TOOL = '<img src=x onerror="alert(1)">\u202Eexe.gnp';

/** Whole minutes: the last one is so far. */
function covered() {
  const toMs = Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS;
  return {
    from: new Date(toMs - STEPS * MINUTE_MS).toISOString(),
    to: new Date(toMs).toISOString(),
    step_seconds: 60,
    counted_until: new Date().toISOString(),
    source: "minutes",
    partial: false,
  };
}

/** A day's shape in an hour, with an incident at two thirds of it. */
function callsAt(step: number): number {
  return Math.round(420 + 140 * Math.sin(step / 9) + (step % 7) * 11);
}

function outcomeSeries() {
  return Object.entries(OUTCOME_SHARES).map(([key, share]) => ({
    key,
    calls: Array.from({ length: STEPS }, (_, step) => {
      const isIncident = key === "server_error" && step >= 38 && step < 44;
      return Math.round(callsAt(step) * (isIncident ? 0.3 : share));
    }),
  }));
}

function heatCells() {
  return Array.from({ length: STEPS }, (_, column) =>
    [-10, -9, -8, -7, -6, -4].map((bucket, at) => [column, bucket, 10 + at * 9]),
  ).flat();
}

const TOOLS = [
  ["prod", "github", "list_repos", 8_412, 31],
  ["prod", "github", "create_issue", 5_220, 612],
  ["prod", "jira", "search", 4_102, 0],
  ["staging", "files", HOSTILE_TOOL, 1_208, 44],
  ["prod", "slack", "post_message_to_a_channel_whose_name_is_rather_long", 977, 3],
] as const;

function topRows(metric: string | null) {
  const rows = TOOLS.map(([workspace, plugin, tool, calls, errors]) => ({
    labels: { workspace, plugin, tool },
    calls,
    errors,
    p95_ms: 20 + calls / 40,
  }));
  return metric === "errors" ? rows.sort((a, b) => b.errors - a.errors) : rows;
}

function instances() {
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
  const row = (id: string, state: string, seconds: number, lag: number | null, lost = 0) => ({
    id,
    state,
    first_report: ago(seconds + 3_600),
    last_report: ago(seconds),
    dropped: lost * 13,
    missing_reports: lost,
    gaps: lost === 0 ? [] : [{ epoch: ago(7200), from_seq: 41, to_seq: 40 + lost }],
    lag_p50_ms: lag === null ? null : lag / 3,
    lag_p95_ms: lag,
  });
  return {
    instances: [
      row("gw-ams-1", "online", 4, 420),
      row("gw-ams-2", "online", 9, 388),
      row("gw-fra-1", "stale", 143, 12_400, 2),
      row("gw-lhr-1", "online", 2, 51_000),
      row("gw-old", "departed", 2_000, null),
      row("gw-sfo-1", "online", 7, 310),
    ],
    next_cursor: null,
  };
}

/** By step: quick, held up for a while, ahead of time, and one that stopped reporting. */
function lagSeries() {
  const steps = (of: (step: number) => number | null) =>
    Array.from({ length: STEPS }, (_, s) => of(s));
  const series = (
    instance: string,
    calls: (step: number) => number,
    lag: (step: number) => number,
    ahead: (step: number) => number = () => 0,
  ) => ({
    instance,
    calls: steps(calls),
    p50_ms: steps((step) => (calls(step) === 0 ? null : lag(step) / 3)),
    p95_ms: steps((step) => (calls(step) === 0 ? null : lag(step))),
    ahead: steps(ahead),
  });
  return [
    series(
      "gw-lhr-1",
      () => 60,
      (step) => (step > 40 && step < 50 ? 51_000 : 400),
    ),
    series(
      "gw-fra-1",
      (step) => (step < 57 ? 44 : 0),
      (step) => 900 + step * 200,
    ),
    series(
      "gw-ams-1",
      () => 120,
      () => 420,
    ),
    series(
      "gw-ams-2",
      (step) => (step % 9 === 4 ? 0 : 80),
      () => 388,
    ),
    series(
      "gw-sfo-1",
      () => 33,
      () => 12,
      (step) => (step > 20 ? 30 : 0),
    ),
  ];
}

function ledger() {
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
  return {
    origin: "mcpg.local/v1/orgs/acme/audit/log",
    log: 1,
    tree_size: 184_220,
    head: { seq: 184_219, hash: "00" },
    checkpoint: { size: 184_208, signed_at: ago(23) },
    unsigned_entries: 12,
    unsigned_since: ago(20),
    minimum_index: 0,
    frozen: false,
    frozen_reason: null,
    frozen_at: null,
    misconfigured: null,
    scrub: { last_full_pass: { completed_at: ago(5_400), size: 184_001 } },
  };
}

/** Each is asked anew: `now` goes on. */
export function fakeOrg(): FakeAnswers {
  return {
    "/v1/session": session(),
    "/v1/orgs": () => ({
      body: { orgs: ["acme", "default"].map((org) => ({ org, tier: "team" })), next_cursor: null },
    }),
    "/changes": { body: { folds: 7, newest_arrival: null }, headers: { etag: 'W/"7"' } },
    "/activity": () => ({
      body: {
        ...covered(),
        series: outcomeSeries(),
        quantiles: { p50_ms: [], p95_ms: [], p99_ms: [] },
      },
    }),
    "/activity/heatmap": () => ({
      body: { ...covered(), scale: 1, columns: STEPS, cells: heatCells() },
    }),
    "/activity/top": (query) => ({
      body: {
        ...covered(),
        by: "tool",
        metric: query.get("metric"),
        total: { calls: 0, errors: 0 },
        rows: topRows(query.get("metric")),
      },
    }),
    "/instances": () => ({ body: instances() }),
    "/series": { body: { series: 8_420, series_limit: 10_000 } },
    "/lag": () => ({ body: { ...covered(), series: lagSeries() } }),
    "/audit/status": () => ({ body: ledger() }),
  };
}
