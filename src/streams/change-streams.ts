/** Changes where an org's streams go, on the record. */

import { actionOf, type Operator } from "#orgs/operator.ts";
import type { Org } from "#orgs/org.ts";
import { drainNow } from "#orgs/outbox.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { findStreams, replaceStreams, type StoredStreams } from "#streams/store/streams.ts";
import { deploymentStreams } from "./deployment-streams.ts";
import { effectiveStreams, type Observability, type OwnStreams } from "./observability.ts";
import { mapHeaders, sealHeaders } from "./sealed-headers.ts";
import { streamsChange } from "./streams-change.ts";
import { keepHeaders } from "./streams-kept.ts";
import { forgetStreams } from "./streams-of.ts";
import type { RequestedStreams } from "./streams-request.ts";

/** What is in force, and what of it the org said itself. */
export interface StreamsInForce {
  streams: Observability;
  own: OwnStreams;
}

/** Reads the streams past the cache: whoever made a change elsewhere must see it. */
export async function currentStreams(env: Env, org: string): Promise<StreamsInForce> {
  const { own } = await findStreams(env.DIRECTORY, org);
  return { streams: effectiveStreams(own, deploymentStreams(env)), own };
}

/** Replaces all that `stored` holds; fails with `conflict` where that was changed meanwhile. */
export async function changeStreams(
  env: Env,
  org: Org,
  { stored, requested }: { stored: StoredStreams; requested: RequestedStreams },
  by: Operator & { requestId: string },
): Promise<StreamsInForce> {
  // Kept values are not among them: those are sealed already.
  const sealed = await mapHeaders(requested.own, (literals, stream) =>
    sealHeaders(env, { org, stream }, literals),
  );
  const { own, errors } = keepHeaders(sealed, requested.kept, stored.own);
  if (errors.length > 0) fail({ kind: "invalid_request", errors });
  const defaults = deploymentStreams(env);
  const [before, after] = [effectiveStreams(stored.own, defaults), effectiveStreams(own, defaults)];
  if (JSON.stringify(own) === JSON.stringify(stored.own)) return { streams: after, own };
  const deed = {
    org: org.org,
    action: "operator.streams.updated",
    target: `observability://${org.org}`,
    details: streamsChange(before, after),
  } as const;
  const change = { own, sends: mayBeSent(own), fromVersion: stored.version };
  const action = actionOf(by, deed, Date.now());
  const isChanged = await replaceStreams(env.DIRECTORY, org.org, change, action);
  if (!isChanged) {
    fail({ kind: "conflict", detail: "The streams were changed meanwhile; read them again." });
  }
  // First, so that nobody who fills the cache anew can have read that the change's entry is pending.
  await drainNow(env, org, by.requestId);
  forgetStreams(org.org);
  return { streams: after, own };
}

/** Whether the cron may have anything to send for the org. */
function mayBeSent({ metrics, audit }: OwnStreams): boolean {
  return [metrics, audit].some((set) => set?.enabled === true && set.to !== null);
}
