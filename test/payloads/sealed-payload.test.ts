import { blake3 } from "@noble/hashes/blake3.js";
import { describe, expect, it } from "vitest";
import { decodeHex, encodeHex } from "#formats/hex.ts";
import { sha256 } from "#formats/sha256.ts";
import { PAYLOAD_BYTES_MAX, payloadContent } from "#payloads/payload-size.ts";
import {
  openPayload,
  type PayloadPlace,
  sealPayload,
  sealWithNonce,
} from "#payloads/sealed-payload.ts";
import { atOnce } from "#platform/slices.ts";
import type { VersionedKey } from "#vault/seal.ts";
import vectorsText from "../../docs/payloads/vectors.json?raw";

interface Vector {
  name: string;
  key: string;
  key_version: number;
  nonce: string;
  org: string;
  id: string;
  field: PayloadPlace["field"];
  sealed: string;
  /** Null where it is as long as the cap. */
  text: string | null;
  text_sha256: string;
  bytes: number;
  blake3: string | null;
}
const vectors = JSON.parse(vectorsText) as Vector[];
const contentOf = (text: string) => atOnce(payloadContent(text));
const bytesOf = (hex: string) => decodeHex(hex) ?? new Uint8Array(0);
const place = {
  org: "acme",
  id: "0193f3a0-0000-7000-8000-000000000001",
  field: "request",
} as const;
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function keyOf(bytes: Uint8Array, version = 1): Promise<VersionedKey> {
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  return { version, key };
}
const newKey = (version = 1) => keyOf(crypto.getRandomValues(new Uint8Array(32)), version);

const contents = {
  empty: '""',
  short: '{"q":"x"}',
  compressible: JSON.stringify({
    rows: Array.from({ length: 500 }, (_, id) => ({ id, ok: true })),
  }),
  random: JSON.stringify(encodeHex(crypto.getRandomValues(new Uint8Array(3_000)))),
  emoji: JSON.stringify("🙂".repeat(70_000)),
};

describe("A sealed payload", () => {
  it.each(Object.entries(contents))("opens as it was sealed: %s", async (_, text) => {
    const key = await newKey(7);
    const sent = contentOf(text);
    const opened = await openPayload(key, place, await sealPayload(key, place, sent));
    expect(opened?.bytes).toBe(new TextEncoder().encode(text).length);
    expect(textOf(opened!.kept)).toBe(textOf(sent.kept));
    expect(opened?.blake3 ?? null).toEqual(sent.blake3);
  });

  it("is refused with any one of its bytes flipped, with one more, and with one less", async () => {
    const key = await newKey();
    const sealed = await sealPayload(key, place, contentOf(contents.short));
    for (let at = 0; at < sealed.length; at += 1) {
      for (const bit of [1, 128]) {
        const flipped = sealed.slice();
        flipped[at]! ^= bit;
        expect([at, await openPayload(key, place, flipped)]).toEqual([at, null]);
      }
    }
    for (const other of [sealed.slice(0, -1), sealed.slice(1), new Uint8Array([...sealed, 0])]) {
      expect(await openPayload(key, place, other)).toBeNull();
    }
    for (let length = 0; length < 40; length += 1) {
      expect(await openPayload(key, place, sealed.slice(0, length))).toBeNull();
    }
  });

  it("opens for its own org, call, field and key version alone", async () => {
    const raw = crypto.getRandomValues(new Uint8Array(32));
    const [key, other] = [await keyOf(raw, 1), await keyOf(raw, 2)];
    const sealed = await sealPayload(key, place, contentOf(contents.short));
    const places: PayloadPlace[] = [
      { ...place, org: "acme2" },
      { ...place, id: "0193f3a0-0000-7000-8000-000000000002" },
      { ...place, field: "response" },
    ];
    for (const one of places) expect(await openPayload(key, one, sealed)).toBeNull();
    expect(await openPayload(other, place, sealed)).toBeNull();
    const relabelled = sealed.slice();
    new DataView(relabelled.buffer).setUint32(1, 2);
    expect(await openPayload(other, place, relabelled)).toBeNull();
    expect(await openPayload(key, place, sealed)).not.toBeNull();
  });

  it("has another nonce each time, and a length that tells its size class alone", async () => {
    const key = await newKey();
    const sealed = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        sealPayload(key, place, contentOf(`"${"a".repeat(n)}"`)),
      ),
    );
    expect(new Set(sealed.map((one) => encodeHex(one.subarray(5, 17)))).size).toBe(50);
    expect(new Set(sealed.map(({ length }) => length))).toEqual(new Set([256 + 33]));
  });

  it("keeps a larger one to the cap, at a character's end, with its size and the hash of the whole", async () => {
    const key = await newKey();
    const text = JSON.stringify(`x${"🙂".repeat(100_000)}`);
    const whole = new TextEncoder().encode(text);
    const sealed = await sealPayload(key, place, contentOf(text));
    const opened = (await openPayload(key, place, sealed))!;
    expect(opened.bytes).toBe(whole.length);
    expect(opened.blake3).toEqual(blake3(whole));
    expect(opened.kept.length).toBeGreaterThan(PAYLOAD_BYTES_MAX - 4);
    expect(text.startsWith(textOf(opened.kept))).toBe(true);
    const atCap = contentOf(`"${"a".repeat(PAYLOAD_BYTES_MAX - 2)}"`);
    expect([atCap.blake3, atCap.kept.length]).toEqual([null, PAYLOAD_BYTES_MAX]);
  });

  it.each(vectors.map((vector) => [vector.name, vector] as const))(
    "opens as docs/payloads/vectors.json says: %s",
    async (_, { key: raw, key_version, nonce, org, id, field, ...vector }) => {
      const key = await keyOf(bytesOf(raw), key_version);
      const opened = (await openPayload(key, { org, id, field }, bytesOf(vector.sealed)))!;
      expect(encodeHex(sha256(opened.kept))).toBe(vector.text_sha256);
      if (vector.text !== null) expect(textOf(opened.kept)).toBe(vector.text);
      expect(opened.bytes).toBe(vector.bytes);
      expect(opened.blake3 && encodeHex(opened.blake3)).toBe(vector.blake3);
      // What is compressed is another text with another version of zlib, and opens alike.
      if (vector.text === null || vector.name === "compressed") return;
      const again = await sealWithNonce(
        key,
        { org, id, field },
        contentOf(vector.text),
        bytesOf(nonce),
      );
      expect(encodeHex(again)).toBe(vector.sealed);
    },
  );
});
