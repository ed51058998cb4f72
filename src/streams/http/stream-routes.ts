/** Where an org's metrics, traces and audit entries go (api.md, "Streams"). */
import { type Context, Hono } from "hono";
import { currentLog } from "#audit/http/asked-log.ts";
import { drainOutbox } from "#audit/outbox.ts";
import { DeliveriesSchema, deliveriesJson } from "#delivery/http/deliveries-json.ts";
import { findDeliveries } from "#delivery/store/stream-deliveries.ts";
import { describeOperation } from "#http/describe-operation.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { authorize } from "#orgs/http/authorize.ts";
import { actionOf } from "#orgs/http/operator-action.ts";
import { settingsOf, shardDatabase } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { logError } from "#platform/log-error.ts";
import {
  effectiveStreams,
  mapOwnDestinations,
  type OwnStreams,
  ownDestination,
  STREAMS,
} from "#streams/observability.ts";
import { findStreams, replaceStreams, type StoredStreams } from "#streams/store/streams.ts";
import { streamsChange } from "#streams/streams-change.ts";
import { keepHeaders } from "#streams/streams-kept.ts";
import { deploymentStreams, forgetStreams } from "#streams/streams-of.ts";
import { StreamsSchema } from "#streams/streams-schema.ts";
import { sealHeaders } from "#vault/sealed-headers.ts";
import { readStreams, refuse, streamsJson } from "./streams-body.ts";

export const observability = new Hono<AppEnv>()
  .get(
    "/",
    describeOperation({
      summary: "Where metrics, traces and audit entries go",
      description:
        "What is in force: the org's own settings over the deployment's. Header values are never " +
        "returned: each header's is null, which PUT takes for the stored one.",
      scope: "org:admin",
      answers: { 200: { description: "The streams", schema: StreamsSchema } },
    }),
    authorize("org:admin"),
    // Past the cache: after a change made elsewhere, its maker must see it.
    async (c) => c.json(await shownStreams(c, await findStreams(c.env.DIRECTORY, c.var.org.org))),
  )
  .put(
    "/",
    describeOperation({
      summary: "Disable or reroute metrics, traces and audit entries",
      description:
        "Replaces all: an absent stream, or destination, takes the deployment's; a null destination " +
        "is none. Disabled, a stream takes nothing in and sends nothing out; disabling `audit` stops " +
        "`tool.*` and `plugin.*` entries only, and takes effect once the entry that says so is in the " +
        "ledger. In force within 30 s everywhere. Also takes the guide's YAML (`application/yaml`), in " +
        "which `observability.otlp` is where traces go.",
      scope: "org:admin",
      body: StreamsSchema,
      answers: { 200: { description: "The streams as changed", schema: StreamsSchema } },
      problems: [409],
    }),
    authorize("org:admin"),
    async (c) => c.json(await changeStreams(c)),
  );

export const observabilityStatus = new Hono<AppEnv>().get(
  "/",
  describeOperation({
    summary: "How far metrics and audit entries have been delivered",
    description:
      "`last_error` is null after an attempt that went well. Of `audit`, entries before `next_seq` of " +
      "`log` were taken by the receiver; `missed_entries` were removed by retention before they were.",
    scope: "org:admin",
    answers: { 200: { description: "The deliveries", schema: DeliveriesSchema } },
  }),
  authorize("org:admin"),
  async (c) => {
    const { org, shard } = c.var.org;
    return c.json(deliveriesJson(await findDeliveries(shardDatabase(c.env, shard), org)));
  },
);

async function shownStreams(c: Context<AppEnv>, { own }: StoredStreams) {
  return streamsJson(effectiveStreams(own, deploymentStreams(c.env)), own);
}

async function changeStreams(c: Context<AppEnv>) {
  const { org } = c.var.org;
  const stored = await findStreams(c.env.DIRECTORY, org);
  const requested = await readStreams(c, stored.own);
  const sealed = await sealLiterals(c, requested.own);
  const { own, errors } = keepHeaders(sealed, requested.kept, stored.own);
  if (errors.length > 0) refuse(errors);
  const defaults = deploymentStreams(c.env);
  const [before, after] = [effectiveStreams(stored.own, defaults), effectiveStreams(own, defaults)];
  if (JSON.stringify(own) === JSON.stringify(stored.own)) return streamsJson(after, own);
  const action = actionOf(c, {
    org,
    action: "operator.streams.updated",
    target: `observability://${org}`,
    details: streamsChange(before, after),
  });
  const change = { own, sends: mayBeSent(own), fromVersion: stored.version };
  const isChanged = await replaceStreams(c.env.DIRECTORY, org, change, action);
  if (!isChanged) {
    fail({ kind: "conflict", detail: "The streams were changed meanwhile; read them again." });
  }
  await recordNow(c);
  return streamsJson(after, own);
}

/** Before the answer, and before anyone here can have read that it is pending. Should it fail, the cron does it. */
async function recordNow(c: Context<AppEnv>): Promise<void> {
  try {
    await drainOutbox(c.env, currentLog(c.var.org));
  } catch (error) {
    logError(error, { request_id: c.var.requestId });
  } finally {
    forgetStreams(c.var.org.org);
  }
}

/** Kept values are not among them: those are sealed already. */
async function sealLiterals(c: Context<AppEnv>, own: OwnStreams): Promise<OwnStreams> {
  const { payloadKek } = settingsOf(c.env);
  const { org } = c.var.org;
  const sealing = STREAMS.map(async (stream) => {
    const literals = ownDestination(own, stream)?.headers ?? {};
    return [stream, await sealHeaders(payloadKek, { org, stream }, literals)] as const;
  });
  const sealed = new Map(await Promise.all(sealing));
  return mapOwnDestinations(own, (to, stream) => ({ ...to, headers: sealed.get(stream) ?? {} }));
}

/** Whether the cron has anything to send for it. */
function mayBeSent({ metrics, audit }: OwnStreams): boolean {
  return [metrics, audit].some((set) => set?.enabled === true && set.to !== null);
}
