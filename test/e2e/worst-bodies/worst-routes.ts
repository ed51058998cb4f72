/** Each route of the document with what it costs most to answer: a route that is missing here fails the suite. */
import { illegalJson, illegalYaml } from "./illegal-bodies.ts";
import {
  callSpans,
  callsOfBothSides,
  densestPayload,
  derivedSamples,
  largestEvents,
  largestRefusedEvents,
  longestEvents,
  longestMessages,
  longestSamples,
  manyAttributes,
  moreCallsOfTrace,
  mostEvents,
  nestedCalls,
  plainSpans,
} from "./largest-reports.ts";
import { payloadReports } from "./payload-routes.ts";
import { MIB, ORG, ROOT, type WorstRequest } from "./worst-request.ts";

const AUDIT = `${ROOT}/audit`;
const OTLP = `${ROOT}/otlp/v1/traces`;
const PROTOBUF = { "content-type": "application/x-protobuf" };
const OK = [200, 201];
const SETTINGS_BYTES_MAX = 16_384;
const STREAMS_BYTES_MAX = 262_144;
const DAY_MS = 86_400_000;

const get = (name: string, path: string, headers: Record<string, string> = {}): WorstRequest => ({
  name,
  path,
  headers,
  statuses: OK,
});

const json = (name: string, path: string, value: unknown, statuses = OK): WorstRequest => ({
  name,
  path,
  body: () => JSON.stringify(value),
  statuses,
});

const made = (
  name: string,
  path: string,
  body: () => string | Uint8Array,
  headers: Record<string, string> = {},
): WorstRequest => ({ name, path, body, headers, statuses: OK });

const settings = (path: string, member: string) => illegalJson(path, SETTINGS_BYTES_MAX, member);

const SCRAPES = {
  text: "text/plain;version=0.0.4",
  OpenMetrics: "application/openmetrics-text;version=1.0.0",
  protobuf:
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
};

const MESSAGES: readonly [name: string, text: string][] = [
  ["words", "timeout after ".repeat(280)],
  ["digits", "1 a ".repeat(1_000)],
  ["quotes", `"'`.repeat(1_000)],
  ["hex", "0af7651916cd43dd-".repeat(230)],
  ["brackets", "<{[(/".repeat(780)],
];
/** 4 MiB hashed twice in JavaScript, and normalised: in slices. */
const MESSAGES_COST = { cpuMsMax: 2_000 };
/** 135 MB of text, by the chunk. */
const SCRAPE_COST = { cpuMsMax: 2_500 };
/** What the requests before it left is settled and folded first. */
const FOLDING_COST = { cpuMsMax: 1_000 };
/** 40,000 histograms are merged. */
const ROLLUP_COST = { cpuMsMax: 1_000 };
/** Ten transactions of 1,000 samples, 50 ms each with what D1 makes of them, and 200 ms to decode and map them. */
const CALLS_COST = { cpuMsMax: 1_000 };
/** A caller's look-up goes through the samples of its time: ten transactions and more. */
const CALLERS_COST = { cpuMsMax: 1_500 };
/** Each of its transactions reads what is known of the trace, and decides beside it: in slices, but ten times. */
const MORE_CALLS_COST = { cpuMsMax: 8_000 };
/** 320,000 details are checked, sorted, hashed, and read again by the columns that are searched by. */
const DETAILS_COST = { cpuMsMax: 1_500 };

/** Made of ids that the full org has. */
export function worstRoutes(callId: string): Record<string, readonly WorstRequest[]> {
  const from = Date.now() - 30 * DAY_MS;
  return {
    ...telemetryRoutes(callId, from),
    ...auditRoutes(from),
    ...orgRoutes(),
    "get /metrics": Object.entries(SCRAPES).map(([format, accept]) => ({
      ...get(format, "/metrics", { accept }),
      ...SCRAPE_COST,
    })),
    "get /healthz": [get("alive", "/healthz")],
    "get /readyz": [get("ready", "/readyz")],
    "get /openapi.json": [get("the document", "/openapi.json")],
    "get /docs": [get("the reference", "/docs")],
    "get /version": [get("the version", "/version")],
  };
}

function orgRoutes(): Record<string, readonly WorstRequest[]> {
  const names = Array.from({ length: 8 }, (_, at) => `${at}`.padEnd(128, "a"));
  const mapping = { workspace: names, plugin: names, instance: names, tool: names, actor: names };
  const headers = Object.fromEntries(
    Array.from({ length: 16 }, (_, at) => [`x-h${at}`, "v".repeat(3_500)]),
  );
  const to = { endpoint: "https://a.example.com", headers };
  // Spans would be sent there at once.
  const streams = { metrics: { otlp: to }, audit: { forward: to } };
  const yaml = `audit:\n  forward:\n    endpoint: https://a.example.com\n    headers:\n${Object.keys(
    headers,
  )
    .map((name) => `      ${name}: "${"v\\x20".repeat(700)}v"\n`)
    .join("")}`;
  return {
    "post /v1/orgs": [
      json("a name that is there", "/v1/orgs", { org: ORG, tier: "pro" }, [409]),
      ...settings("/v1/orgs", "entitlements"),
    ],
    "get /v1/orgs/{org}": [get("the org", ROOT)],
    "patch /v1/orgs/{org}": [
      json("the most attributes mapped", ROOT, { span_mapping: mapping }),
      json("none mapped", ROOT, {
        span_mapping: { workspace: null, plugin: null, instance: null, tool: null, actor: null },
      }),
      ...settings(ROOT, "span_mapping"),
    ],
    "delete /v1/orgs/{org}": [{ ...get("no org", "/v1/orgs/nobody"), statuses: [404] }],
    "post /v1/orgs/{org}/service-tokens": [
      json("a token", `${ROOT}/service-tokens`, { name: "t", scopes: ["audit:read"] }),
      ...settings(`${ROOT}/service-tokens`, "scopes"),
    ],
    "get /v1/orgs/{org}/service-tokens": [get("1,000", `${ROOT}/service-tokens?limit=1000`)],
    "delete /v1/orgs/{org}/service-tokens/{id}": [
      { ...get("no token", `${ROOT}/service-tokens/${"0".repeat(16)}`), statuses: [204, 404] },
    ],
    "get /v1/orgs/{org}/observability": [get("the streams", `${ROOT}/observability`)],
    "put /v1/orgs/{org}/observability": [
      json("the longest header values", `${ROOT}/observability`, streams),
      made("the longest in YAML", `${ROOT}/observability`, () => yaml, {
        "content-type": "application/yaml",
      }),
      json("none", `${ROOT}/observability`, {}),
      ...illegalJson(`${ROOT}/observability`, STREAMS_BYTES_MAX, "metrics"),
      ...illegalYaml(`${ROOT}/observability`),
    ],
    "get /v1/orgs/{org}/observability/status": [get("status", `${ROOT}/observability/status`)],
  };
}

function telemetryRoutes(callId: string, from: number): Record<string, readonly WorstRequest[]> {
  const calls = `${ROOT}/invocations`;
  const rollups = (query: string) => `${ROOT}/rollups?from=${from}&${query}`;
  const plugin = encodeURIComponent(`p7${"\\".repeat(60)}`);
  return {
    "post /v1/orgs/{org}/invocations": [
      made("1,000 samples of the longest names", calls, longestSamples),
      made("1,000 samples without ids", calls, derivedSamples),
      ...MESSAGES.map(([name, text]) => ({
        ...made(`messages of ${name}`, calls, () => longestMessages(text)),
        ...MESSAGES_COST,
      })),
      made("a payload of 120,000 lists", calls, densestPayload),
      ...payloadReports(),
      ...illegalJson(calls, 4 * MIB, "invocations"),
    ],
    "get /v1/orgs/{org}/invocations": [
      get("1,000", `${calls}?limit=1000`),
      get("a filter that nothing meets", `${calls}?limit=1000&actor=nobody&from=${from}`),
      get(
        "many filters that nearly all meet",
        `${calls}?limit=1000&min_duration_ms=0&outcome=ok,server_error,client_error&tool=nothing`,
      ),
    ],
    "get /v1/orgs/{org}/invocations/{id}": [get("one", `${calls}/${callId}`)],
    "get /v1/orgs/{org}/invocations/{id}/trace": [get("its trace", `${calls}/${callId}/trace`)],
    "post /v1/orgs/{org}/otlp/v1/traces": [
      made("10,000 plain spans", OTLP, () => plainSpans("protobuf"), PROTOBUF),
      ...(
        [
          ["10,000 servers' calls of a trace", () => callSpans("protobuf", 2)],
          ["10,000 servers' calls, each of its trace", () => callSpans("protobuf", 2, true)],
          ["10,000 calls of a trace, of both sides", callsOfBothSides],
        ] as const
      ).map(([name, body]) => ({ ...made(name, OTLP, body, PROTOBUF), ...CALLS_COST })),
      {
        ...made("10,000 callers' calls", OTLP, () => callSpans("protobuf", 3), PROTOBUF),
        ...CALLERS_COST,
      },
      made("10,000 callers, each in the one before", OTLP, nestedCalls, PROTOBUF),
      made("300,000 attributes", OTLP, () => manyAttributes("protobuf"), PROTOBUF),
      made("10,000 plain spans in JSON", OTLP, () => plainSpans("json")),
      made("6,500 servers' calls in JSON", OTLP, () => callSpans("json", 2)),
      made("80,000 attributes in JSON", OTLP, () => manyAttributes("json")),
      // What OTLP has no name for is passed over.
      ...illegalJson(OTLP, 4 * MIB, "resourceSpans").map((request) => ({
        ...request,
        statuses: [200, ...request.statuses],
      })),
      ...[0x0a, 0x12, 0xff, 0x00, 0x0b].map((byte) => ({
        ...made(
          `4 MiB of 0x${byte.toString(16).padStart(2, "0")}`,
          OTLP,
          () => Buffer.alloc(4 * MIB, byte),
          PROTOBUF,
        ),
        statuses: [200, 400, 413],
      })),
      // Last: what the first sends the second comes upon, and they have all samples of a time looked at from then on.
      ...["10,000 calls of a trace that will have more", "10,000 more calls of that trace"].map(
        (name) => ({ ...made(name, OTLP, moreCallsOfTrace, PROTOBUF), ...MORE_CALLS_COST }),
      ),
    ],
    "get /v1/orgs/{org}/metrics": Object.entries(SCRAPES).flatMap(([format, accept]) => [
      { ...get(format, `${ROOT}/metrics`, { accept }), ...SCRAPE_COST },
      {
        ...get(`${format}, by day, in gzip`, `${ROOT}/metrics?granularity=day`, {
          accept,
          "accept-encoding": "gzip",
        }),
        ...SCRAPE_COST,
      },
    ]),
    "get /v1/orgs/{org}/rollups": [
      get("all, by plugin", rollups("group_by=plugin&limit=1000")),
      get("all, by all", rollups("limit=1000")),
      get("all, by nothing", rollups("group_by=&limit=1000")),
      get("one of all", rollups("limit=1")),
      get("a plugin's, by tool", rollups(`plugin=${plugin}&group_by=tool&limit=1000`)),
      get("by day", rollups("granularity=day&group_by=plugin&limit=1000")),
    ].map((request) => ({ ...request, ...ROLLUP_COST })),
    "get /v1/orgs/{org}/instances": [
      { ...get("1,000", `${ROOT}/instances?limit=1000`), ...FOLDING_COST },
    ],
  };
}

function auditRoutes(from: number): Record<string, readonly WorstRequest[]> {
  const control = (path: string) => settings(path, "reason");
  return {
    "get /v1/orgs/{org}/audit/status": [get("status", `${AUDIT}/status`)],
    "get /v1/orgs/{org}/audit/keys": [get("keys", `${AUDIT}/keys`)],
    "post /v1/orgs/{org}/audit/keys/rotate": [made("a key", `${AUDIT}/keys/rotate`, () => "{}")],
    "post /v1/orgs/{org}/audit/checkpoint": [made("sign", `${AUDIT}/checkpoint`, () => "{}")],
    "post /v1/orgs/{org}/audit/recover": [
      json("a log that is not frozen", `${AUDIT}/recover`, { reason: "x".repeat(1_024) }, [409]),
      ...control(`${AUDIT}/recover`),
    ],
    "post /v1/orgs/{org}/audit/clock": [
      json("a clock that is right", `${AUDIT}/clock`, { reason: "x".repeat(1_024) }, [409]),
      ...control(`${AUDIT}/clock`),
    ],
    "post /v1/orgs/{org}/audit/holds": [
      json("a hold", `${AUDIT}/holds`, { reason: "\u{1d11e}".repeat(1_024) }),
      ...control(`${AUDIT}/holds`),
    ],
    "get /v1/orgs/{org}/audit/holds": [get("holds", `${AUDIT}/holds`)],
    "delete /v1/orgs/{org}/audit/holds/{id}": [
      { ...get("no hold", `${AUDIT}/holds/nothing`), statuses: [404] },
    ],
    "get /v1/orgs/{org}/audit/export": [
      get("all of it", `${AUDIT}/export`),
      get("a pack of all of it", `${AUDIT}/export?format=pack`),
    ],
    "get /v1/orgs/{org}/audit/{log}/checkpoint": [get("signed", `${AUDIT}/log/checkpoint`)],
    "get /v1/orgs/{org}/audit/{log}/consistency": [
      get("across the log", `${AUDIT}/log/consistency?old=1&new=256`),
    ],
    "get /v1/orgs/{org}/audit/{log}/tile/{tile}": [
      get("hashes", `${AUDIT}/log/tile/0/000`),
      get("256 entries of 60 KB", `${AUDIT}/log/tile/entries/000`),
    ],
    "post /v1/orgs/{org}/audit": [
      { ...made("64 events of 5,000 details", AUDIT, largestEvents), ...DETAILS_COST },
      {
        ...made("64 events of 5,000 details, the last refused", AUDIT, largestRefusedEvents),
        ...DETAILS_COST,
        statuses: [400],
      },
      made("64 events of one text to be composed", AUDIT, longestEvents),
      { ...made("256 events of 900 details", AUDIT, mostEvents), ...DETAILS_COST },
      ...illegalJson(AUDIT, 4 * MIB, "events"),
    ],
    "get /v1/orgs/{org}/audit": [
      get("1,000", `${AUDIT}?limit=1000`),
      get("what all but ours are", `${AUDIT}?limit=1000&outcome=allowed&instance=gw-1`),
      get("an actor's who did it all", `${AUDIT}?limit=1000&actor=user:alice@acme`),
      get("a prefix of every action", `${AUDIT}?limit=1000&action_prefix=p&from=${from}`),
    ],
    "get /v1/orgs/{org}/audit/{seq}": [get("one of 60 KB", `${AUDIT}/5`)],
    "get /v1/orgs/{org}/audit/{seq}/proof": [get("its proof", `${AUDIT}/5/proof`)],
  };
}
