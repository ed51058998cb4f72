/**
 * What each capability takes part in: an org's life, a request, the work of each tick. This is the one
 * place that lists them.
 */

import { auditFigures } from "#audit/audit-figures.ts";
import { auditPart } from "#audit/audit-part.ts";
import { registerOpenCallSink } from "#audit/calls/open-call-sink.ts";
import { undurableFigures } from "#audit/calls/undurable-figures.ts";
import { currentLog } from "#audit/current-log.ts";
import { drainOutbox } from "#audit/drain-outbox.ts";
import { expiryJob } from "#audit/expiry-job.ts";
import { outboxJob } from "#audit/outbox-job.ts";
import { payloadKeyShares } from "#audit/payload-key-shares.ts";
import { signJob } from "#audit/sign-job.ts";
import { registerPayloadKeeper } from "#calls/call-payload.ts";
import { callsPart } from "#calls/calls-part.ts";
import { registerFigureSource } from "#calls/figures/figure-sources.ts";
import { foldJob } from "#calls/fold-job.ts";
import { forgetSeries, learnSeries } from "#calls/learn-series.ts";
import { settleJob } from "#calls/pairing/settle-job.ts";
import { registerToolLists } from "#calls/tool-lists.ts";
import { deliveryJob } from "#delivery/delivery-job.ts";
import { deliveryPart } from "#delivery/delivery-part.ts";
import { operationsPart } from "#gateway/figures/operations-part.ts";
import { identityPart } from "#gateway/identity/identity-part.ts";
import { areToolsListed, findKnownTool, orgTools } from "#gateway/plugins/listed-tools.ts";
import { pluginEntriesJob } from "#gateway/plugins/plugin-entries-job.ts";
import { pluginKeyUse } from "#gateway/plugins/plugin-key-use.ts";
import { pluginsPart } from "#gateway/plugins/plugins-part.ts";
import { registerToolsWatcher } from "#gateway/plugins/tools-learnt.ts";
import { policiesPart } from "#gateway/policy/policies-part.ts";
import { registerToolSource } from "#gateway/policy/tool-source.ts";
import { deliverEndedCalls } from "#gateway/record/deliver-ended-calls.ts";
import { eraseJob } from "#orgs/erase-job.ts";
import { keyAgeJob } from "#orgs/keys/key-age-job.ts";
import { keyUpkeepJob } from "#orgs/keys/key-upkeep-job.ts";
import { keysPart } from "#orgs/keys/keys-part.ts";
import { registerOrgParts } from "#orgs/org-lifecycle.ts";
import { registerOutbox } from "#orgs/outbox.ts";
import { pruneJob } from "#orgs/prune-job.ts";
import { shardFigures } from "#orgs/space/shard-figures.ts";
import { spaceJob } from "#orgs/space/space-job.ts";
import { sessionEndJob } from "#orgs/web-session/session-end-job.ts";
import { spansPart } from "#otlp/spans-part.ts";
import { keepSpans } from "#otlp/store/spans.ts";
import { erasureJob } from "#payloads/erasure-job.ts";
import { moveJob } from "#payloads/move-job.ts";
import { moveReported } from "#payloads/move-payloads.ts";
import { payloadFigures } from "#payloads/payload-figures.ts";
import { payloadKeyUse } from "#payloads/payload-key-use.ts";
import { payloadsPart } from "#payloads/payloads-part.ts";
import { keepReported } from "#payloads/record-payloads.ts";
import type { AnyJob } from "#platform/jobs/job.ts";
import { shardDatabase } from "#platform/shards.ts";
import { streamKeyUse } from "#streams/stream-key-use.ts";
import { streamsPart } from "#streams/streams-part.ts";
import { registerSpanKeeper } from "#tracing/isolate-tracer.ts";
import { registerShareKeeper } from "#vault/key-shares.ts";
import { registerKeyUses } from "#vault/key-uses.ts";
import { rewrapJob } from "#vault/rewrap-job.ts";

registerOrgParts([
  auditPart,
  streamsPart,
  callsPart,
  payloadsPart,
  spansPart,
  deliveryPart,
  operationsPart,
  identityPart,
  policiesPart,
  pluginsPart,
  keysPart,
]);
registerOutbox(async (env, org) => {
  await drainOutbox(env, currentLog(org));
});
registerShareKeeper(payloadKeyShares);
registerPayloadKeeper({ keep: keepReported, move: moveReported });
registerKeyUses([streamKeyUse, pluginKeyUse, payloadKeyUse]);
registerOpenCallSink(deliverEndedCalls);
registerToolsWatcher({ learnt: learnSeries, gone: forgetSeries });
registerToolLists(areToolsListed);
registerToolSource({ schemaTools: orgTools, findTool: findKnownTool });
registerFigureSource(auditFigures);
registerFigureSource(shardFigures);
registerFigureSource(undurableFigures);
registerFigureSource(payloadFigures);
// Spans of our own are no reason to tell of a full shard: the org's status does.
registerSpanKeeper(async (env, org, spans) => {
  await keepSpans(shardDatabase(env, org.shard), org, spans, Date.now());
});

/** The jobs of each tick. One that waits for another (`after`) is listed behind it. */
export const jobs: readonly AnyJob[] = [
  outboxJob,
  pluginEntriesJob,
  signJob,
  settleJob,
  foldJob,
  deliveryJob,
  pruneJob,
  eraseJob,
  moveJob,
  erasureJob,
  expiryJob,
  spaceJob,
  sessionEndJob,
  rewrapJob,
  keyUpkeepJob,
  keyAgeJob,
];
