/** Counts a request's calls, and keeps what their spans say of payloads, where the org has that captured. */
import type { Call } from "#calls/call.ts";
import { keepPayloads } from "#calls/call-payload.ts";
import type { Span } from "#formats/otlp/trace-model.ts";
import type { Org } from "#orgs/org.ts";
import { recordPayloads } from "#payloads/record-payloads.ts";
import { fieldsOf } from "#payloads/seal-payloads.ts";
import type { Env } from "#platform/env.ts";
import { type CountedSpans, countTold, type ToldCalls } from "./count-told.ts";
import { spanPayloads } from "./span-payloads.ts";

/** Of calls that wait each has a row by itself, and a request may ask D1 for 1,000 things. */
const WAITING_PAYLOADS_MAX = 200;

interface CountedWithPayloads extends CountedSpans {
  /** Fields of payloads that are not kept. */
  discarded: number;
}

/**
 * A call that is counted now has its payload in the same transaction; one that waits for its server's span keeps it
 * beside, by the id that its sample will have, or until it is known whose sample counts it (payloads/move-payloads.ts).
 */
export async function countWithPayloads(
  env: Env,
  org: Org,
  calls: ReadonlyMap<Span, Call>,
  given: Omit<ToldCalls, "payloads">,
): Promise<CountedWithPayloads> {
  const captured = org.payloadCapture.otlp ? spanPayloads(calls, given.told.countedAs) : [];
  const waiting = new Set(given.told.callers.map(({ id }) => id));
  const [ofWaiting = [], ofCounted = []] = [true, false].map((isWaiting) =>
    captured.filter(({ id }) => waiting.has(id) === isWaiting),
  );
  const payloads = await keepPayloads(env, org, ofCounted);
  // Before its call waits: whoever settles that finds its payload.
  const beside = await recordPayloads(env, org, ofWaiting.slice(0, WAITING_PAYLOADS_MAX));
  const counted = await countTold(env, org, { ...given, payloads });
  const left = [
    ...ofWaiting.slice(WAITING_PAYLOADS_MAX),
    ...ofCounted.filter(({ id }) => org.entitlements.payloadCapture && counted.unsampled.has(id)),
  ];
  return { ...counted, discarded: payloads.discarded + beside.discarded + fieldsOf(left) };
}
