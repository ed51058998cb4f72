import { once } from "node:events";
import { constants, createZstdCompress, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBytes } from "#http/read-body.ts";
import { FailureError } from "#platform/errors.ts";
import { makeSample, metricSum, scrape } from "../harness/calls.ts";
import { call } from "../harness/deployment.ts";
import { newOrgName } from "../harness/orgs.ts";

const MIB = 1_048_576;
const text = new TextEncoder();
const bytesOf = (...parts: Iterable<number>[]) =>
  new Uint8Array(parts.flatMap((part) => [...part]));

async function read(body: Uint8Array, coding: string, bytesMax = 4 * MIB): Promise<Uint8Array> {
  const headers = { "content-encoding": coding };
  const request = new Request("https://mcpg.test", { method: "POST", body, headers });
  return readBytes(request, { bytesMax, onBytes: () => undefined });
}

/** What is said of a body that is refused; undefined of one that is read. */
async function refusalOf(body: Uint8Array, coding: string) {
  const failed = await read(body, coding).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failed === undefined) return undefined;
  if (!(failed instanceof FailureError)) throw failed;
  const { failure } = failed;
  return failure.kind === "malformed_body" ? failure.detail : failure.kind;
}

/** A zstd frame by hand (RFC 8878 §3.1): its descriptor, what follows of its header, its blocks. */
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const rawBlock = (content: Uint8Array, isLast = true) => {
  const header = (content.length << 3) | (isLast ? 1 : 0);
  return bytesOf([header & 0xff, (header >> 8) & 0xff, header >> 16], content);
};
const ONE_MIB_WINDOW = 80;
const skippable = (content: number[], kind = 0) =>
  bytesOf([0x50 + kind, 0x2a, 0x4d, 0x18, content.length, 0, 0, 0], content);

const CODINGS = {
  gzip: (content: Uint8Array) => new Uint8Array(gzipSync(content)),
  zstd: (content: Uint8Array) => new Uint8Array(zstdCompressSync(content)),
};
const checked = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };

describe.each(Object.entries(CODINGS))("A body in %s", (coding, compress) => {
  it("reads the same however it is split into members or frames, empty ones too", async () => {
    const split = fc.tuple(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 1, max: 700 }),
      fc.array(fc.nat(200_000), { maxLength: 12 }),
    );
    await fc.assert(
      fc.asyncProperty(split, async ([seed, repeats, cuts]) => {
        const content = new Uint8Array(seed.length * repeats).map(
          (_, at) => seed[at % seed.length]!,
        );
        const borders = [0, ...cuts.map((cut) => Math.min(cut, content.length)), content.length];
        borders.sort((a, b) => a - b);
        const parts = borders
          .slice(1)
          .map((end, at) => compress(content.subarray(borders[at], end)));
        expect(await read(bytesOf(...parts), coding)).toEqual(content);
      }),
      { numRuns: 60 },
    );
  });

  it("reads the same in one byte a member or frame", async () => {
    const content = text.encode("each byte by itself, €");
    const parts = [...content].map((byte) => compress(Uint8Array.of(byte)));
    expect(await read(bytesOf(...parts), coding)).toEqual(content);
  });

  it("has as many empty members or frames as it likes before its content", async () => {
    const empty = compress(new Uint8Array(0));
    const body = new Uint8Array(10_000 * empty.length + 100);
    for (let at = 0; at < 10_000; at++) body.set(empty, at * empty.length);
    const last = compress(text.encode("content"));
    body.set(last, 10_000 * empty.length);
    const whole = body.subarray(0, 10_000 * empty.length + last.length);
    expect(await read(whole, coding)).toEqual(text.encode("content"));
  });

  it("cut anywhere but between its members or frames is refused as cut short", async () => {
    const first = compress(text.encode("first"));
    const whole = bytesOf(first, compress(text.encode("second")));
    for (let length = 0; length < whole.length; length++) {
      const refusal = await refusalOf(whole.subarray(0, length), coding);
      const isWhole = length === first.length;
      expect([length, refusal]).toEqual([
        length,
        isWhole ? undefined : `The ${coding} data are cut short.`,
      ]);
    }
  });

  it("with any one bit flipped is refused, or is what it was", async () => {
    const content = text.encode('{"instance_id":"gw-1","invocations":[]}'.repeat(3));
    const second = coding === "gzip" ? gzipSync(content) : zstdCompressSync(content, checked);
    const body = bytesOf(second, second);
    const whole = bytesOf(content, content);
    for (let bit = 0; bit < body.length * 8; bit += 3) {
      const flipped = body.with(bit >> 3, body[bit >> 3]! ^ (1 << (bit & 7)));
      const isRefused = (await refusalOf(flipped, coding)) !== undefined;
      if (!isRefused) expect([bit, await read(flipped, coding)]).toEqual([bit, whole]);
    }
  });

  it("of too much in all is refused, though no member or frame has too much", async () => {
    const part = compress(new Uint8Array(MIB));
    expect(await read(bytesOf(part, part, part, part), coding)).toHaveLength(4 * MIB);
    const more = compress(Uint8Array.of(1));
    expect(await refusalOf(bytesOf(part, part, part, part, more), coding)).toBe("body_too_large");
  });
});

describe("gzip", () => {
  const whole = CODINGS.gzip(text.encode("content"));
  const followedBy = (...bytes: number[]) => bytesOf(whole, bytes);

  it("may be padded with zeros, as gzip(1) has it, and be followed by nothing else", async () => {
    expect(await read(followedBy(0), "gzip")).toEqual(text.encode("content"));
    expect(await read(bytesOf(whole, new Uint8Array(100_000)), "gzip")).toEqual(
      text.encode("content"),
    );
    const refused =
      "The gzip data have something else than a member, at their start or after a member.";
    expect(await refusalOf(followedBy(1, 2, 3), "gzip")).toBe(refused);
    expect(await refusalOf(text.encode("content"), "gzip")).toBe(refused);
    const goesOn = "The gzip data go on after zeros that follow a member.";
    expect(await refusalOf(followedBy(0, 1), "gzip")).toBe(goesOn);
    expect(await refusalOf(bytesOf(whole, [0, 0], whole), "gzip")).toBe(goesOn);
    expect(await refusalOf(bytesOf(whole, new Uint8Array(100_000), whole), "gzip")).toBe(goesOn);
  });

  it("says what is wrong with it: checksum, length", async () => {
    const flipped = (fromEnd: number) => {
      const at = whole.length - fromEnd;
      return bytesOf(whole, whole.with(at, whole[at]! ^ 1), whole);
    };
    expect(await refusalOf(flipped(8), "gzip")).toBe("The gzip data have a wrong checksum.");
    expect(await refusalOf(flipped(4), "gzip")).toBe("The gzip data have a wrong length.");
  });
});

describe("zstd", () => {
  const content = text.encode("content");
  const frame = (header: number[], blocks = rawBlock(content)) => bytesOf(MAGIC, header, blocks);

  it("reads raw, repeated and compressed blocks, of every form of header", async () => {
    const repeated = [(7 << 3) | 2 | 1, 0, 0, 65];
    const headers = {
      window: [0, ONE_MIB_WINDOW],
      single: [0x20, 7],
      sized: [0x80, ONE_MIB_WINDOW, 7, 0, 0, 0],
    };
    for (const header of [...Object.values(headers), [0xe0, 7, 0, 0, 0, 0, 0, 0, 0]]) {
      expect(await read(frame(header), "zstd")).toEqual(content);
      expect(await read(frame(header, bytesOf(repeated)), "zstd")).toEqual(text.encode("AAAAAAA"));
    }
    const blocks = bytesOf(rawBlock(content, false), rawBlock(content, false), rawBlock(content));
    expect(await read(frame(headers.window, blocks), "zstd")).toEqual(
      bytesOf(content, content, content),
    );
    const long = new Uint8Array(700).fill(65);
    expect(await read(frame([0x60, 700 - 256 - 256, 1], rawBlock(long)), "zstd")).toEqual(long);
    expect(await read(new Uint8Array(zstdCompressSync(content, checked)), "zstd")).toEqual(content);
  });

  it("reads over skippable frames, of every kind, wherever they stand", async () => {
    const whole = frame([0, ONE_MIB_WINDOW]);
    const skipped = [skippable([]), skippable([1, 2, 3], 15), skippable([...MAGIC, 0], 7)];
    const between = bytesOf(...skipped, whole, ...skipped, whole, ...skipped);
    expect(await read(between, "zstd")).toEqual(bytesOf(content, content));
    expect(await read(bytesOf(...skipped), "zstd")).toHaveLength(0);
    expect(await refusalOf(skippable([1, 2, 3]).subarray(0, 10), "zstd")).toBe(
      "The zstd data are cut short.",
    );
  });

  it("reads 4 MiB as an encoder streams it, whatever its windows and borders", async () => {
    const large = new Uint8Array(4 * MIB);
    for (let at = 0; at < large.length; at += 65_536)
      crypto.getRandomValues(large.subarray(at, at + 40_000));
    const encoder = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    const pieces: Uint8Array[] = [];
    encoder.on("data", (piece: Uint8Array) => pieces.push(piece));
    encoder.end(large);
    await once(encoder, "end");
    const body = Buffer.concat(pieces);
    expect((await read(new Uint8Array(body), "zstd")).every((byte, at) => byte === large[at])).toBe(
      true,
    );
  });

  it.each<[string, Uint8Array, string]>([
    [
      "a window over 8 MiB",
      frame([0, (14 << 3) | 0]),
      "need a window of more than 8 MiB (RFC 9659)",
    ],
    ["the largest window", frame([0, 0xff]), "need a window of more than 8 MiB (RFC 9659)"],
    [
      "a dictionary",
      frame([1, ONE_MIB_WINDOW, 7]),
      "need a dictionary, which content codings do not have",
    ],
    [
      "a dictionary of a long id",
      frame([3, ONE_MIB_WINDOW, 0, 0, 0, 1]),
      "need a dictionary, which content codings do not have",
    ],
    ["a reserved block", frame([0, ONE_MIB_WINDOW], bytesOf([7, 0, 0])), "are damaged"],
    ["a reserved bit", frame([8, ONE_MIB_WINDOW]), "are damaged"],
    ["less content than it says", frame([0x20, 8]), "are damaged"],
    ["more content than it says", frame([0x20, 6]), "are damaged"],
    [
      "something after it",
      bytesOf(frame([0, ONE_MIB_WINDOW]), [1, 2, 3, 4]),
      "have something else than a frame, at their start or after a frame",
    ],
    [
      "zeros after it",
      bytesOf(frame([0, ONE_MIB_WINDOW]), [0, 0, 0, 0]),
      "have something else than a frame, at their start or after a frame",
    ],
    [
      "gzip for zstd",
      CODINGS.gzip(content),
      "have something else than a frame, at their start or after a frame",
    ],
    [
      "a wrong checksum",
      new Uint8Array(zstdCompressSync(content, checked)).map((byte, at, { length }) =>
        at === length - 1 ? byte ^ 1 : byte,
      ),
      "are damaged",
    ],
  ])("with %s is refused, and why", async (_name, body, reason) => {
    expect(await refusalOf(body, "zstd")).toBe(`The zstd data ${reason}.`);
  });

  it("of 8 MiB windows is read", async () => {
    expect(await read(frame([0, 13 << 3]), "zstd")).toEqual(content);
  });

  it("that says it is too large is refused before it is decoded", async () => {
    expect(await refusalOf(frame([0xa0, 1, 0, 64, 0]), "zstd")).toBe("body_too_large");
    expect(await refusalOf(frame([0xe0, 255, 255, 255, 255, 255, 255, 255, 255]), "zstd")).toBe(
      "body_too_large",
    );
  });

  it("of more than 16,384 frames is refused", async () => {
    const empty = frame([0, ONE_MIB_WINDOW], rawBlock(new Uint8Array(0)));
    const body = new Uint8Array(16_385 * empty.length);
    for (let at = 0; at < 16_385; at++) body.set(empty, at * empty.length);
    expect(await refusalOf(body, "zstd")).toBe("The zstd data have more than 16384 frames.");
    expect(await read(body.subarray(empty.length), "zstd")).toHaveLength(0);
  });
});

describe.each(Object.entries(CODINGS))("A request in %s", (coding, compress) => {
  const headers = { "content-encoding": coding };
  const inParts = (body: object) => {
    const json = JSON.stringify(body);
    return bytesOf(...[json.slice(0, 7), json.slice(7)].map((part) => compress(text.encode(part))));
  };

  it("of several members or frames is taken on every route: samples, spans, events, settings", async () => {
    const org = newOrgName();
    const routes: [path: string, status: number, body: object][] = [
      ["", 201, { org, tier: "pro" }],
      [`/${org}/invocations`, 200, { instance_id: "gw-1", invocations: [makeSample()] }],
      [`/${org}/otlp/v1/traces`, 200, { resourceSpans: [] }],
      [`/${org}/audit`, 201, auditReport()],
    ];
    for (const [path, status, body] of routes) {
      const answer = await call("POST", `/v1/orgs${path}`, { body: inParts(body), headers });
      expect([path, answer.status]).toEqual([path, status]);
      const cut = inParts(body).subarray(0, -1);
      const refused = await call("POST", `/v1/orgs${path}`, { body: cut, headers });
      expect([path, refused.status]).toEqual([path, 400]);
      expect(await refused.text()).toContain(`The ${coding} data are cut short.`);
    }
    expect(metricSum(await scrape(org), "mcpg_tool_calls_total")).toBe(1);
  });
});

describe("A bomb in zstd", () => {
  it("is refused with 413", async () => {
    const bomb = frameOf200Mib();
    expect(bomb.length).toBeLessThan(16_384);
    const response = await call("POST", "/v1/orgs", {
      body: bomb,
      headers: { "content-encoding": "zstd" },
    });
    expect(response.status).toBe(413);
  });
});

function auditReport() {
  const event = { actor: "user:a@b", action: "tool.call.allowed", outcome: "allowed" };
  return { instance_id: "gw-1", events: [event] };
}

/** Blocks of 128 KiB in four bytes each. */
function frameOf200Mib(): Uint8Array {
  const block = (131_072 << 3) | 2;
  const blocks = Array.from({ length: 1_600 }, (_, at) => {
    const header = block | (at === 1_599 ? 1 : 0);
    return [header & 0xff, (header >> 8) & 0xff, header >> 16, 65];
  });
  return bytesOf(MAGIC, [0, ONE_MIB_WINDOW], ...blocks);
}
