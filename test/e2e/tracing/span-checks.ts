/** What a collector gets to see of requests and ticks. */
import { SPAN_KIND, STATUS_CODE } from "#formats/otlp/trace-model.ts";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import type { CollectorServer } from "./collector-server.ts";
import { settledAccount } from "./settle.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";

export async function checkSpans(
  runtime: Runtime,
  collector: CollectorServer,
  checks: Checks,
): Promise<void> {
  await runtime.send("GET", "/readyz");
  await settledAccount(runtime);
  const ready = collector.recent;
  const root = ready.find(({ kind }) => kind === SPAN_KIND.server);
  const children = ready.filter(({ parentSpanId }) => parentSpanId === root?.spanId);
  checks.equal(
    "a request is a SERVER span with a CLIENT span for each call to D1 and the ledger",
    [root?.name, ...children.map(({ name }) => name).sort()],
    [
      "GET /readyz",
      ...[
        "Ledger/status",
        "SELECT audit_logs",
        "SELECT audit_logs",
        "SELECT data_keys SELECT data_keys keks SELECT keks",
        "SELECT ledger_seeds",
        "SELECT orgs",
        "SELECT orgs",
        "SELECT payload_keks",
      ],
    ],
  );

  await runtime.send("GET", "/v1/orgs/default/instances", {
    headers: { traceparent: `00-${TRACE}-b7ad6b7169203331-01`, tracestate: "rojo=1" },
  });
  await settledAccount(runtime);
  checks.equal(
    "a request in a caller's trace is part of it",
    [...new Set(collector.recent.map(({ traceId, traceState }) => `${traceId} ${traceState}`))],
    [`${TRACE} rojo=1`],
  );

  await runtime.send("GET", "/test/fail");
  await settledAccount(runtime);
  checks.equal(
    "a request that failed says so",
    collector.recent.map(({ name, status }) => [name, status.code]),
    [["GET /test/fail", STATUS_CODE.error]],
  );

  await runtime.send("POST", "/v1/orgs/default/invocations", {
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ instance_id: "gw-1", invocations: [] }),
  });
  await runtime.tick();
  await settledAccount(runtime);
  const roots = collector.recent.filter(({ parentSpanId }) => parentSpanId === null);
  const tick = roots.find(({ name }) => name === "cron tick");
  checks.equal(
    "a tick of the cron is a trace of its own",
    [tick?.name, tick?.kind, collector.recent.length > 5],
    ["cron tick", SPAN_KIND.internal, true],
  );
  const runs = roots.map(({ name }) => name).filter((name) => name.startsWith("run "));
  checks.equal(
    "and so is each run of its jobs",
    [runs.includes("run fold"), roots.length],
    [true, new Set(roots.map(({ traceId }) => traceId)).size],
  );
  checks.equal("an export carries no trace context", collector.contextHeaders, 0);
}
