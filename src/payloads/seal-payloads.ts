/** Payloads of calls, sealed: each field by itself, under the org's newest payload key. */
import type { CallPayload } from "#calls/call-payload.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { nextTurn, withTurns } from "#platform/slices.ts";
import { redactPayload } from "#redaction/redact-payload.ts";
import { reportSteps } from "#redaction/redact-text.ts";
import type { PathSteps } from "#redaction/text-layers.ts";
import { newestDataKey } from "#vault/data-keys.ts";
import type { VersionedKey } from "#vault/seal.ts";
import { type PayloadContent, payloadContent } from "./payload-size.ts";
import { type PayloadField, type PayloadPlace, sealPayload } from "./sealed-payload.ts";

export interface SealedPayload {
  /** Of the call. */
  readonly id: string;
  readonly keyVersion: number;
  readonly request: Uint8Array | null;
  readonly response: Uint8Array | null;
}

export interface SealedPayloads {
  readonly sealed: readonly SealedPayload[];
  /** Fields that are not kept. */
  readonly discarded: number;
}

/** JSON is written, searched, compressed and sealed at 5 MB/s or more; what was cut is hashed besides. */
const SLICE_BYTES = 50_000;
/** What a small one takes, in bytes of a large one. */
const PAYLOAD_COST_BYTES = 500;

/** Nothing is kept of an org that is not entitled to it; nor what is nested too deep to be written. */
export async function sealPayloads(
  env: Env,
  org: Org,
  payloads: readonly CallPayload[],
): Promise<SealedPayloads> {
  if (!org.entitlements.payloadCapture) return { sealed: [], discarded: fieldsOf(payloads) };
  const key = await newestDataKey(env, org, "payload");
  const sealed: SealedPayload[] = [];
  let sliceBytes = 0;
  const steps = reportSteps();
  for (const payload of payloads) {
    if (sliceBytes > SLICE_BYTES) {
      await nextTurn();
      sliceBytes = 0;
    }
    const { id } = payload;
    const request = await fieldContent(org, payload, "request", steps);
    const response = await fieldContent(org, payload, "response", steps);
    sliceBytes += PAYLOAD_COST_BYTES + (request?.bytes ?? 0) + (response?.bytes ?? 0);
    const one = {
      id,
      keyVersion: key.version,
      request: await sealContent(key, { org: org.org, id, field: "request" }, request),
      response: await sealContent(key, { org: org.org, id, field: "response" }, response),
    };
    if (one.request !== null || one.response !== null) sealed.push(one);
  }
  return { sealed, discarded: fieldsOf(payloads) - fieldsOf(sealed) };
}

async function sealContent(
  key: VersionedKey,
  place: PayloadPlace,
  content: PayloadContent | null,
): Promise<Uint8Array | null> {
  return content === null ? null : sealPayload(key, place, content);
}

/** What of a field may be kept: the one place where what goes into a payload is redacted. */
async function fieldContent(
  { redaction }: Org,
  payload: CallPayload,
  field: PayloadField,
  steps: PathSteps,
): Promise<PayloadContent | null> {
  const json = jsonOf(payload[field]);
  if (json === null) return null;
  const { workspace, plugin, tool } = payload;
  const place = { workspace, plugin, tool, field };
  const { text, whole, isCut } = redactPayload(json, redaction, place, { steps });
  return withTurns(payloadContent(text, whole, isCut));
}

/** Null where there is nothing, or where it is nested deeper than the serialiser's stack. */
function jsonOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}

type Fields = Readonly<Record<PayloadField, unknown>>;

/** How many there are of them. */
export function fieldsOf(payloads: readonly Fields[]): number {
  const countOf = ({ request, response }: Fields) =>
    [request, response].filter((field) => field !== null && field !== undefined).length;
  return payloads.reduce((sum, payload) => sum + countOf(payload), 0);
}
