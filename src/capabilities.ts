/** What each capability takes part in: an org's life, and the work of each tick. The one place that lists them. */

import { auditPart } from "#audit/audit-part.ts";
import { expiryJob } from "#audit/expiry-job.ts";
import { outboxJob } from "#audit/outbox-job.ts";
import { signJob } from "#audit/sign-job.ts";
import { callsPart } from "#calls/calls-part.ts";
import { foldJob } from "#calls/fold-job.ts";
import { deliveryJob } from "#delivery/delivery-job.ts";
import { deliveryPart } from "#delivery/delivery-part.ts";
import { eraseJob } from "#orgs/erase-job.ts";
import { registerOrgParts } from "#orgs/org-lifecycle.ts";
import { pruneJob } from "#orgs/prune-job.ts";
import { spansPart } from "#otlp/spans-part.ts";
import type { AnyJob } from "#platform/jobs/job.ts";
import { streamsPart } from "#streams/streams-part.ts";

registerOrgParts([auditPart, streamsPart, callsPart, spansPart, deliveryPart]);

/** One that comes `after` another stands behind it. */
export const jobs: readonly AnyJob[] = [
  outboxJob,
  signJob,
  foldJob,
  deliveryJob,
  pruneJob,
  eraseJob,
  expiryJob,
];
