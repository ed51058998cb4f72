/** What each capability takes part in. The one place that lists them. */
import { auditFigures } from "#audit/audit-figures.ts";
import { currentLog } from "#audit/current-log.ts";
import { drainOutbox } from "#audit/drain-outbox.ts";
import { registerFigureSource } from "#calls/figure-sources.ts";
import { registerOutbox } from "#orgs/outbox.ts";
import { keepSpans } from "#otlp/store/spans.ts";
import { shardDatabase } from "#platform/shards.ts";
import { registerSpanKeeper } from "#tracing/isolate-tracer.ts";

registerOutbox((env, org) => drainOutbox(env, currentLog(org)));
registerFigureSource(auditFigures);
registerSpanKeeper((env, org, spans) =>
  keepSpans(shardDatabase(env, org.shard), org, spans, Date.now()),
);
