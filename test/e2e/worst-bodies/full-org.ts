/** An org as full as it may be: series, their names, instances, exemplars, four hours, entries of 60 KB. */

import { CLASSIC_BOUNDS_SECONDS } from "#formats/exponential-histogram.ts";
import { OPERATION_BUCKETS } from "#gateway/figures/operation-bounds.ts";
import { hex } from "../../harness/load.ts";
import { newId } from "../../harness/new-id.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { postReports } from "../../harness/timed-requests.ts";
import { largestEvents, ONE_ACTOR } from "./largest-reports.ts";
import { ORG, ROOT } from "./worst-request.ts";

const SERIES = 10_000;
const HOURS = 4;
const SAMPLES_A_REPORT = 1_000;
const INSTANCES = 1_000;
const APPENDS = 6;
const HOUR_MS = 3_600_000;

/** A backslash takes two bytes in an exposition: 200 bytes of names a series are the 2 MiB that it may have. */
const PADDING = "\\".repeat(60);

/** As many label sets of operations as a deployment may have, and as long: 200 bytes each. */
const FILL_OPERATIONS = `WITH RECURSIVE n(at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < 10000)
  INSERT INTO gateway_operations SELECT '${ORG}', 'w${PADDING}', 'p' || (at % 50) || '${PADDING}', 'tools/call',
    't' || at || '${"\\".repeat(30)}', 'ok', '', '2025-11-25', 1, unixepoch() * 1000, at * 1000,
    ${Array.from({ length: OPERATION_BUCKETS }, (_, bucket) => `at * ${bucket}`).join(", ")} FROM n`;

export async function fillOrg(runtime: Runtime): Promise<void> {
  await runtime.makeOrg(ORG);
  await runtime.queryDatabase("SHARD_0", FILL_OPERATIONS);
  const nowMs = Date.now();
  for (const [bucket, bound] of CLASSIC_BOUNDS_SECONDS.entries()) {
    const startedAtMs = nowMs - (bucket % HOURS) * HOUR_MS - bucket;
    const reports = SERIES / SAMPLES_A_REPORT;
    const bodies = Array.from({ length: reports }, (_, report) =>
      JSON.stringify({
        instance_id: instanceName(bucket * reports + report),
        invocations: Array.from({ length: SAMPLES_A_REPORT }, (_, at) =>
          sample(report * SAMPLES_A_REPORT + at, startedAtMs, bound),
        ),
      }),
    );
    await postReports(runtime, ORG, bodies);
    await runtime.json("GET", `/bench/fold?org=${ORG}`);
  }
  const heartbeats = Array.from({ length: INSTANCES }, (_, at) =>
    JSON.stringify({ instance_id: instanceName(at), invocations: [] }),
  );
  await postReports(runtime, ORG, heartbeats);
  await runtime.json("GET", `/bench/fold?org=${ORG}`);
  for (let append = 0; append < APPENDS; append += 1) {
    await runtime.text("POST", `${ROOT}/audit`, largestEvents());
  }
  await runtime.json("POST", `${ROOT}/audit/holds`, { reason: "worst" });
  await runtime.text("POST", `${ROOT}/audit/checkpoint`);
}

/** 128 characters of four bytes, the longest that there is. */
function instanceName(at: number): string {
  return `${at}-`.padEnd(128, "\u{1d11e}").replace(/[\ud800-\udbff]$/, "");
}

/** In the bucket that ends at this bound, and of what is taken. */
function sample(tool: number, startedAtMs: number, boundSeconds: number) {
  return {
    id: newId(startedAtMs),
    workspace: `w${PADDING}`,
    plugin: `p${tool % 50}${PADDING}`,
    tool: `t${tool}${PADDING}`,
    started_at: startedAtMs,
    duration_ms: Math.min(500 * boundSeconds * (1 + (1 + (tool % 7)) / 16), 86_400_000),
    outcome: tool % 5 === 0 ? "server_error" : "ok",
    actor: ONE_ACTOR,
    trace_id: hex(16),
    span_id: hex(8),
  };
}
