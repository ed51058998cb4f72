import { blake3 } from "@noble/hashes/blake3.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorFingerprint, errorHash, normalizeErrorMessage } from "#calls/error-fingerprint.ts";
import { deriveFingerprintKey } from "#vault/derive.ts";

/**
 * BLAKE3-team/BLAKE3 test_vectors/test_vectors.json, the first 32 bytes of each output. The input
 * is the bytes 0 to 250, repeated to the length.
 */
const VECTORS = [
  {
    length: 0,
    hash: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    keyedHash: "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26",
    deriveKey: "2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d",
  },
  {
    length: 1,
    hash: "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
    keyedHash: "6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b",
    deriveKey: "b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c",
  },
  {
    length: 63,
    hash: "e9bc37a594daad83be9470df7f7b3798297c3d834ce80ba85d6e207627b7db7b",
    keyedHash: "bb1eb5d4afa793c1ebdd9fb08def6c36d10096986ae0cfe148cd101170ce37ae",
    deriveKey: "b6451e30b953c206e34644c6803724e9d2725e0893039cfc49584f991f451af3",
  },
  {
    length: 64,
    hash: "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98",
    keyedHash: "ba8ced36f327700d213f120b1a207a3b8c04330528586f414d09f2f7d9ccb7e6",
    deriveKey: "a5c4a7053fa86b64746d4bb688d06ad1f02a18fce9afd3e818fefaa7126bf73e",
  },
  {
    length: 65,
    hash: "de1e5fa0be70df6d2be8fffd0e99ceaa8eb6e8c93a63f2d8d1c30ecb6b263dee",
    keyedHash: "c0a4edefa2d2accb9277c371ac12fcdbb52988a86edc54f0716e1591b4326e72",
    deriveKey: "51fd05c3c1cfbc8ed67d139ad76f5cf8236cd2acd26627a30c104dfd9d3ff8a8",
  },
  {
    length: 1023,
    hash: "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
    keyedHash: "c951ecdf03288d0fcc96ee3413563d8a6d3589547f2c2fb36d9786470f1b9d6e",
    deriveKey: "74a16c1c3d44368a86e1ca6df64be6a2f64cce8f09220787450722d85725dea5",
  },
  {
    length: 1024,
    hash: "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
    keyedHash: "75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4",
    deriveKey: "7356cd7720d5b66b6d0697eb3177d9f8d73a4a5c5e968896eb6a689684302706",
  },
  {
    length: 1025,
    hash: "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
    keyedHash: "357dc55de0c7e382c900fd6e320acc04146be01db6a8ce7210b7189bd664ea69",
    deriveKey: "effaa245f065fbf82ac186839a249707c3bddf6d3fdda22d1b95a3c970379bcb",
  },
  {
    length: 3073,
    hash: "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3",
    keyedHash: "68dede9bef00ba89e43f31a6825f4cf433389fedae75c04ee9f0cf16a427c95a",
    deriveKey: "72613c9ec9ff7e40f8f5c173784c532ad852e827dba2bf85b2ab4b76f7079081",
  },
  {
    length: 8192,
    hash: "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63",
    keyedHash: "dc9637c8845a770b4cbf76b8daec0eebf7dc2eac11498517f08d44c8fc00d58a",
    deriveKey: "ad01d7ae4ad059b0d33baa3c01319dcf8088094d0359e5fd45d6aeaa8b2d0c3d",
  },
  {
    length: 31744,
    hash: "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47",
    keyedHash: "efa53b389ab67c593dba624d898d0f7353ab99e4ac9d42302ee64cbf9939a419",
    deriveKey: "39772aef80e0ebe60596361e45b061e8f417429d529171b6764468c22928e28e",
  },
];
const VECTOR_KEY = utf8("whats the Elvish word for friend");
const VECTOR_CONTEXT = utf8("BLAKE3 2019-12-27 16:29:52 test vectors context");

const SECRET = Uint8Array.from({ length: 32 }, (_, at) => at);
const KEY = deriveFingerprintKey(SECRET, "acme");

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

describe("BLAKE3", () => {
  it.each(VECTORS)("gives the published outputs for $length bytes", (vector) => {
    const input = Uint8Array.from({ length: vector.length }, (_, at) => at % 251);
    expect(bytesToHex(blake3(input))).toBe(vector.hash);
    expect(bytesToHex(blake3(input, { key: VECTOR_KEY }))).toBe(vector.keyedHash);
    expect(bytesToHex(blake3(input, { context: VECTOR_CONTEXT }))).toBe(vector.deriveKey);
    const fingerprint = blake3(input, { key: VECTOR_KEY, dkLen: 16 });
    expect(vector.keyedHash.startsWith(bytesToHex(fingerprint))).toBe(true);
  });
});

describe("errorHash", () => {
  it("is the published hash of a text whose bytes are a vector's", () => {
    for (const { length, hash } of VECTORS.filter((vector) => vector.length <= 65)) {
      const text = String.fromCharCode(...Array.from({ length }, (_, at) => at));
      expect(errorHash(text)).toBe(hash);
    }
  });

  it("hashes UTF-8, and keeps what the fingerprint drops", () => {
    expect(errorHash("déjà")).toBe(bytesToHex(blake3(utf8("déjà"))));
    expect(errorHash("user 1")).not.toBe(errorHash("user 2"));
  });
});

describe("deriveFingerprintKey", () => {
  it("is 32 bytes, the same each time, and never shared by two orgs or two deployments", () => {
    const other = Uint8Array.from(SECRET, (byte) => byte ^ 1);
    expect(KEY).toHaveLength(32);
    expect(deriveFingerprintKey(SECRET, "acme")).toEqual(KEY);
    const keys = [
      ...["acme", "acme2", "acm", "e", "ebay"].map((org) => deriveFingerprintKey(SECRET, org)),
      deriveFingerprintKey(other, "acme"),
      // A longer secret must not be able to borrow the org's name.
      deriveFingerprintKey(Uint8Array.from([...SECRET, ...utf8("ac")]), "me"),
    ];
    expect(new Set(keys.map((key) => bytesToHex(key))).size).toBe(keys.length);
  });

  it("refuses a secret that could be guessed", () => {
    expect(() => deriveFingerprintKey(new Uint8Array(31), "acme")).toThrow(RangeError);
  });
});

describe("errorFingerprint", () => {
  it("is 32 lower-case hex digits that depend on the org", () => {
    const fingerprint = errorFingerprint(KEY, "connection refused");
    expect(fingerprint).toMatch(/^[0-9a-f]{32}$/);
    const stranger = deriveFingerprintKey(SECRET, "umbrella");
    expect(errorFingerprint(stranger, "connection refused")).not.toBe(fingerprint);
  });

  it.each([
    ["numbers", "timeout after 3000 ms (try 1)", "timeout after 12.5 ms (try -22)"],
    ["long numbers", "offset -12345678.25 is bad", "offset 7 is bad"],
    ["exponents and thousands", "got 1.5e-7 of 1,000", "got 3 of 22"],
    ["numbered hosts", "worker-12.pool3 is gone", "worker-7.pool11 is gone"],
    [
      "UUIDs",
      "no session 017f22e2-79b0-7cc3-98c4-dc0c0c07398f.",
      "no session ABCDEF01-79B0-4CC3-98C4-DC0C0C07398F.",
    ],
    ["hex ids", "commit 3f2a9bc not found", "commit deadbeef0123456789abcdef01234567 not found"],
    ["hex and decimal ids", "no object 5f3a9c1e", "no object 81723645"],
    ["addresses in memory", "fault at 0x7ffd_ok", "fault at 0xDEAD_ok"],
    ["opaque ids", "req_01HZX3K5T9Q8W7E6R5T4Y3U2I1 failed", "req_a8Jk29sLm3Zq81xWvT failed"],
    ["double quotes", 'no tool "list_repos" here', 'no tool "" here'],
    ["single quotes", "can't open 'a file' now", "can't open 'bob's file' now"],
    ["back quotes", "unknown column `a b`", "unknown column `c`"],
    ["curly quotes", "unknown “it’s”, ‘b’", "unknown “c d”, ‘e’"],
    ["IPv4", "dial tcp 10.0.0.1:5432: refused", "dial tcp 192.168.100.200:80: refused"],
    ["IPv6", "dial tcp [::1]:80 from fe80::1:2", "dial tcp [2001:db8::ff00:42:8329]:9 from 1::"],
    ["full IPv6", "from 2001:db8:0:0:0:ff00:42:8329", "from 1:2:3:4:5:6:7:8"],
    ["e-mail addresses", "no user bob@example.com!", "no user Alice.B+x@mail.example.co.uk!"],
    ["timestamps", "at 2026-11-22T07:41:32.123Z: bad", "at 2026-01-02 03:04:05+02:00: bad"],
    ["dates and clocks", "on 2026-11-22 at 07:41:32", "on 1999-01-01 at 23:00:01.250"],
    [
      "URLs' variable parts",
      "GET https://bob:pw@api.test/repos/12/x?page=2#top gave 404",
      "GET https://api.test/repos/7/x gave 500",
    ],
    ["white space", " no \t\r\n route ", "no route"],
    ["letter case", "Connection Refused", "connection refused"],
  ])("groups messages that differ in %s", (_, left, right) => {
    expect(normalizeErrorMessage(left)).toBe(normalizeErrorMessage(right));
    expect(errorFingerprint(KEY, left)).toBe(errorFingerprint(KEY, right));
  });

  it.each([
    ["words", "connection refused", "connection reset"],
    ["words after an apostrophe", "can't open it, don't ask", "can't close it, don't ask"],
    ["the path of a URL", "GET https://a.test/users/1", "GET https://a.test/orders/1"],
    ["the host of a URL", "GET https://a.test/x", "GET https://b.test/x"],
    ["the class of an error", "Utf8ValidationError: bad", "Base64ValidationError: bad"],
    ["qualified names", "std::vector is bad", "std::deque is bad"],
    ["what is quoted", "no 'x' here", "no x here"],
  ])("keeps messages apart that differ in %s", (_, left, right) => {
    expect(normalizeErrorMessage(left)).not.toBe(normalizeErrorMessage(right));
  });
});

describe("normalizeErrorMessage", () => {
  it("names the kind of each part that it drops", () => {
    const message =
      "2026-11-22T07:41:32Z  Bob@example.com: 'x' from 10.0.0.1, try 3 of https://a.test/v2?q=1";
    expect(normalizeErrorMessage(message)).toBe(
      "<time> <email>: <text> from <ip>, try <id> of https://a.test/v<id>",
    );
  });

  it("leaves no digit and no run of white space", () => {
    const unit = fc.constantFrom(..."aefxz019 \n'\"`“”@.,:;-+_/%?#<>[]Zé");
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 80 }), (message) => {
        expect(normalizeErrorMessage(message)).not.toMatch(/\d|\s\s/);
      }),
      { numRuns: 1_000 },
    );
  });

  it("takes linear time on hostile text", () => {
    const marks = [..."'\"`“‘ \n1-:.@a/?_"];
    const pairs = marks.flatMap((left) => marks.map((right) => left + right));
    const units = [...pairs, "'a ", " 'a", "a'a", "a://", "a.a@", "a://@", "a@a.", "1.1,", "12:"];
    units.push("::a", "a:a:", "2026-11-22t", "deadbee", "0123456789abcdef-");
    expect(units.filter(isSlow)).toEqual([]);
  });
});

/**
 * A linear pattern takes under 3 ms at the longest message, a quadratic one far over the limit. A
 * busy machine gets two more tries.
 */
function isSlow(unit: string): boolean {
  const message = `x ${unit.repeat(8192)}`.slice(0, 8192);
  return [1, 2, 3].every(() => {
    const startMs = performance.now();
    normalizeErrorMessage(message);
    return performance.now() - startMs > 15;
  });
}
