/** Payloads of calls, sealed: each field by itself, under the org's newest payload key. */
import type { CallPayload } from "#calls/call-payload.ts";
import type { Org } from "#orgs/org.ts";
import type { Env } from "#platform/env.ts";
import { nextTurn, withTurns } from "#platform/slices.ts";
import { type DataKey, newestDataKey } from "#vault/data-keys.ts";
import { payloadContent } from "./payload-size.ts";
import { type PayloadPlace, sealPayload } from "./sealed-payload.ts";

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

/** JSON is written, compressed and sealed at 10 MB/s or more; what was cut is hashed besides. */
const SLICE_BYTES = 100_000;

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
  for (const payload of payloads) {
    if (sliceBytes > SLICE_BYTES) {
      await nextTurn();
      sliceBytes = 0;
    }
    const { id } = payload;
    const texts = { request: jsonOf(payload.request), response: jsonOf(payload.response) };
    sliceBytes += (texts.request?.length ?? 0) + (texts.response?.length ?? 0);
    const one = {
      id,
      keyVersion: key.version,
      request: await sealText(key, { org: org.org, id, field: "request" }, texts.request),
      response: await sealText(key, { org: org.org, id, field: "response" }, texts.response),
    };
    if (one.request !== null || one.response !== null) sealed.push(one);
  }
  return { sealed, discarded: fieldsOf(payloads) - fieldsOf(sealed) };
}

async function sealText(
  key: DataKey,
  place: PayloadPlace,
  text: string | null,
): Promise<Uint8Array | null> {
  return text === null ? null : sealPayload(key, place, await withTurns(payloadContent(text)));
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

type Fields = Readonly<Record<"request" | "response", unknown>>;

function fieldsOf(payloads: readonly Fields[]): number {
  const countOf = ({ request, response }: Fields) =>
    [request, response].filter((field) => field !== null && field !== undefined).length;
  return payloads.reduce((sum, payload) => sum + countOf(payload), 0);
}
