import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parseJsonBody, readBody, readBytes } from "#http/read-body.ts";
import { FailureError } from "#platform/errors.ts";
import { problemOf } from "../harness/answers.ts";
import { call } from "../harness/deployment.ts";
import { newOrgName } from "../harness/orgs.ts";

const valid = () => JSON.stringify({ org: newOrgName(), tier: "pro" });
const post = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  call("POST", "/v1/orgs", { body, headers });
const gzip = { "content-encoding": "gzip" };

describe("A body", () => {
  it.each([
    ["application/json"],
    ["application/json; charset=utf-8"],
    ['application/json;charset="UTF-8"'],
    ["APPLICATION/JSON"],
    ["application/vnd.mcpg.v1+json"],
  ])("is read as %s", async (type) => {
    expect((await post(valid(), { "content-type": type })).status).toBe(201);
  });

  it.each([
    ["text/plain"],
    ["application/jsonp"],
    ["application/x-www-form-urlencoded"],
    ["application/json; charset=iso-8859-1"],
    ["application/json; charset=utf-16"],
    [""],
  ])("is refused as %j with 415", async (type) => {
    const response = await post(valid(), { "content-type": type });
    expect(response.status).toBe(415);
    expect(await problemOf(response)).toMatchObject({ code: "unsupported_media_type" });
  });

  it("is read gzipped", async () => {
    expect((await post(gzipSync(valid()), gzip)).status).toBe(201);
    for (const coding of ["GZIP", "x-gzip"]) {
      expect((await post(gzipSync(valid()), { "content-encoding": coding })).status).toBe(201);
    }
    expect((await post(valid(), { "content-encoding": "identity" })).status).toBe(201);
  });

  it.each(["br", "deflate", "gzip, zstd", "gzip, gzip", "compress"])(
    "is refused in the encoding %s with 415",
    async (encoding) => {
      const response = await post(valid(), { "content-encoding": encoding });
      expect(response.status).toBe(415);
      expect(response.headers.get("accept-encoding")).toBe("gzip, zstd");
      expect(await problemOf(response)).toMatchObject({ code: "unsupported_content_encoding" });
    },
  );

  const zipped = gzipSync(valid());
  it.each([
    ["is no gzip", new TextEncoder().encode(valid())],
    ["is cut short", zipped.subarray(0, zipped.length - 10)],
    ["lacks its checksum", zipped.subarray(0, zipped.length - 8)],
    ["has a wrong checksum", zipped.with(zipped.length - 6, (zipped.at(-6) ?? 0) ^ 1)],
    ["has bytes after its end", new Uint8Array([...zipped, 1, 2, 3])],
    ["is empty", new Uint8Array(0)],
  ])("that claims gzip and %s is refused with 400", async (_name, bytes) => {
    const response = await post(bytes, gzip);
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({ code: "malformed_body" });
  });

  it("too large is refused with 413, and so is one that would become too large", async () => {
    const huge = JSON.stringify({ org: "x".repeat(20_000), tier: "pro" });
    expect((await post(huge)).status).toBe(413);
    const bomb = gzipSync(new Uint8Array(12_000_000));
    expect(bomb.length).toBeLessThan(16_384);
    const response = await post(bomb, gzip);
    expect(response.status).toBe(413);
    expect(await problemOf(response)).toMatchObject({ code: "body_too_large" });
  });

  it.each([
    ["an overlong encoding", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a lone continuation byte", [0x80]],
    ["half a character", [0xe2, 0x82]],
  ])("that is not UTF-8 (%s) is refused with 400", async (_name, bytes) => {
    const text = new TextEncoder();
    const body = new Uint8Array([...text.encode('{"org":"'), ...bytes, ...text.encode('"}')]);
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({ detail: "The body is not UTF-8." });
  });
});

describe("JSON", () => {
  const deep = (open: string, close: string) => open.repeat(2_000) + close.repeat(2_000);

  it.each([
    ["nothing", ""],
    ["a half", '{"org":'],
    ["two values", "{}{}"],
    ["NaN", '{"org":"a","tier":NaN}'],
    ["a comment", '{/* */"org":"a"}'],
    ["single quotes", "{'org':'a'}"],
    ["a trailing comma", '{"org":"a",}'],
    ["a control character", '{"org":"a\nb"}'],
  ])("that is malformed (%s) is refused with 400, unquoted", async (_name, body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: "malformed_body", detail: "The body is not JSON." });
  });

  it.each([
    ["null", "null", ""],
    ["an array", "[]", ""],
    ["a string", '"org"', ""],
    ["deep arrays", deep("[", "]"), ""],
    ["deep objects as a value", `{"org":${deep('{"a":', "}").replace(":}", ":1}")}}`, "/org"],
    ["deep arrays under an unknown key", `{"a":${deep("[", "]")}}`, "/a"],
    ["a number for a name", '{"org":1,"tier":"pro"}', "/org"],
    ["an empty name", '{"org":"","tier":"pro"}', "/org"],
    ["a capital", '{"org":"Acme","tier":"pro"}', "/org"],
    ["a leading hyphen", '{"org":"-a","tier":"pro"}', "/org"],
    ["64 characters", JSON.stringify({ org: "a".repeat(64), tier: "pro" }), "/org"],
    ["a trailing line feed", '{"org":"acme\\n","tier":"pro"}', "/org"],
    ["NUL", '{"org":"a\\u0000","tier":"pro"}', "/org"],
    ["a lone surrogate", '{"org":"a\\ud800","tier":"pro"}', "/org"],
    ["an unknown tier", '{"org":"acme","tier":"gold"}', "/tier"],
    ["a missing tier", '{"org":"acme"}', "/tier"],
    ["null for a tier", '{"org":"acme","tier":null}', "/tier"],
    ["an unknown key", '{"org":"acme","tier":"pro","a/b~c":1}', "/a~1b~0c"],
    ["__proto__", '{"org":"acme","tier":"pro","__proto__":{}}', "/__proto__"],
    ["constructor", '{"org":"acme","tier":"pro","constructor":{}}', "/constructor"],
    ["an array for an object", '{"org":"acme","tier":"pro","entitlements":[]}', "/entitlements"],
    [
      "a number for a boolean",
      '{"org":"acme","tier":"pro","entitlements":{"payload_capture":1}}',
      "/entitlements/payload_capture",
    ],
    [
      "an unknown key within",
      '{"org":"acme","tier":"pro","entitlements":{"everything":true}}',
      "/entitlements/everything",
    ],
  ])("that is invalid (%s) is refused with 400 and a pointer", async (_name, body, pointer) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    const { code, errors } = await problemOf(response);
    expect(code).toBe("invalid_request");
    expect(errors?.map((error) => error.pointer)).toContain(pointer);
  });

  it("is not echoed at length, however long its keys are", async () => {
    const response = await post(JSON.stringify({ ["k".repeat(10_000)]: 1 }));
    expect(response.status).toBe(400);
    expect((await response.text()).length).toBeLessThan(1_000);
  });
});

describe("readBytes", () => {
  const uncounted = () => undefined;
  const upTo = (bytesMax: number) => ({ bytesMax, onBytes: uncounted });
  const request = (body: BodyInit, headers: Record<string, string> = {}) =>
    new Request("https://mcpg.test", { method: "POST", body, headers });

  it("returns what was sent, at every size around its chunks and its limit", async () => {
    for (const size of [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]) {
      const bytes = new Uint8Array(size).map((_, index) => index * 31);
      const plain = await readBytes(request(bytes), upTo(size));
      const unzipped = await readBytes(request(gzipSync(bytes), gzip), upTo(size + 64));
      expect(plain).toEqual(bytes);
      expect(unzipped).toEqual(bytes);
    }
  });

  it("tells of each byte that it reads, and of each that it decompresses, of a body that is refused too", async () => {
    const told = async (body: BodyInit, headers = {}, bytesMax = 1_000_000) => {
      let bytes = 0;
      const onBytes = (more: number) => {
        bytes += more;
      };
      await readBytes(request(body, headers), { bytesMax, onBytes }).catch(() => undefined);
      return bytes;
    };
    expect(await told(new Uint8Array(200_000))).toBe(200_000);
    expect(await told(gzipSync(new Uint8Array(200_000)), gzip)).toBe(200_000);
    expect(await told(new Uint8Array(200_000), {}, 100_000)).toBe(200_000);
    // A bomb is decompressed no further than to where it is seen to be one.
    expect(await told(gzipSync(new Uint8Array(250_000)), gzip, 100_000)).toBe(131_072);
  });

  it("refuses one byte more than the limit", async () => {
    const over = readBytes(request(new Uint8Array(101)), upTo(100));
    await expect(over).rejects.toThrow(FailureError);
  });

  it("stops a bomb of 64 MB at its limit of 4 MiB", async () => {
    const zeros = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 64; i++) controller.enqueue(new Uint8Array(1_000_000));
        controller.close();
      },
    });
    const zipped = zeros.pipeThrough(new CompressionStream("gzip"));
    const bomb = await new Response(zipped).arrayBuffer();
    expect(bomb.byteLength).toBeLessThan(100_000);
    const read = readBytes(request(bomb, gzip), upTo(4 * 1024 * 1024));
    await expect(read).rejects.toMatchObject({ failure: { kind: "body_too_large" } });
  });

  it("counts a body that does not say how long it is", async () => {
    const endless = new ReadableStream({
      type: "bytes",
      pull: (controller) => controller.enqueue(new Uint8Array(50_000)),
    });
    const over = readBytes(request(endless), upTo(1_000_000));
    await expect(over).rejects.toMatchObject({ failure: { kind: "body_too_large" } });
  });

  it("reads text and JSON of 4 MiB whole, across the borders of characters", async () => {
    const text = JSON.stringify("€𝄞".repeat(500_000));
    const json = { "content-type": "application/json", ...gzip };
    const limit = upTo(4 * 1024 * 1024);
    expect(await readBody(request(gzipSync(text), json), limit)).toBe(text);
    expect(await parseJsonBody(request(gzipSync(text), json), limit)).toBe(JSON.parse(text));
  });
});
