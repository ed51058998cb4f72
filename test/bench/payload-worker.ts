/**
 * Seals and opens payloads in a loop, beside bare WebCrypto doing the same of the same bytes; and counts the rows that
 * D1 writes for reports.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { app } from "#app.ts";
import { type PayloadContent, payloadContent } from "#payloads/payload-size.ts";
import { openPayload, sealPayload } from "#payloads/sealed-payload.ts";
import type { Env } from "#platform/env.ts";
import { atOnce } from "#platform/slices.ts";
import { BilledRows } from "../harness/billed-rows.ts";

export { Ledger } from "#audit/ledger/ledger.ts";
export { JobRun } from "#cron.ts";

const PLACE = {
  org: "bench",
  id: "0193f3a0-1234-7000-8000-0123456789ab",
  field: "response",
} as const;
const billed = new BilledRows();
let made: Promise<CryptoKey> | null = null;

/** In a handler: no random values are to be had before. */
function key(): Promise<CryptoKey> {
  const usages = ["encrypt", "decrypt"];
  made ??= crypto.subtle.generateKey(
    { name: "AES-GCM", length: 256 },
    false,
    usages,
  ) as Promise<CryptoKey>;
  return made;
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/bench/rows") return Response.json(billed.take());
    if (!pathname.startsWith("/bench/payloads/")) {
      return app.fetch(request, { ...env, SHARD_0: billed.counting(env.SHARD_0) }, ctx);
    }
    const times = Number(searchParams.get("times"));
    const content = atOnce(payloadContent(await request.text()));
    const once = KINDS[pathname.slice("/bench/payloads/".length)] ?? sealed;
    for (let time = 0; time < times; time += 1) await once(content);
    return Response.json({ times });
  },
} satisfies ExportedHandler<Env>;

const KINDS: Readonly<Record<string, (content: PayloadContent) => Promise<void>>> = {
  sealed,
  bare,
  deflated,
};

async function sealed(content: PayloadContent): Promise<void> {
  const dataKey = { version: 1, key: await key() };
  const opened = await openPayload(dataKey, PLACE, await sealPayload(dataKey, PLACE, content));
  if (opened?.kept.length !== content.kept.length) throw new Error("not what was sealed");
}

async function bare({ kept }: PayloadContent): Promise<void> {
  const aes = { name: "AES-GCM", iv: crypto.getRandomValues(new Uint8Array(12)) };
  const ciphertext = await crypto.subtle.encrypt(aes, await key(), kept);
  const opened = await crypto.subtle.decrypt(aes, await key(), ciphertext);
  if (opened.byteLength !== kept.length) throw new Error("not what was sealed");
}

/** What it costs at least to have it compressed. */
async function deflated({ kept }: PayloadContent): Promise<void> {
  const compressed = deflateRawSync(kept, { level: 1 });
  await bare({ kept: compressed, bytes: compressed.length, blake3: null });
  if (inflateRawSync(compressed).length !== kept.length) throw new Error("not what was sealed");
}
