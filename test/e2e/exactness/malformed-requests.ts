/** Requests that are wrong as a whole: nothing of them may be kept. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import { reportText, sampleText } from "./malformed-samples.ts";
import { deep, wrong } from "./malformed-values.ts";
import {
  type BadRequest,
  envelope,
  GZIP,
  notJson,
  notUtf8,
  wrongGzip,
  wrongZstd,
  ZSTD,
} from "./unreadable-bodies.ts";

const MIB = 1_048_576;
const BOMB_BYTES = 200 * MIB;

export function makeBadRequests(): BadRequest[] {
  return [
    ...wrongEnvelopes(),
    ...namedTwice(),
    ...notJson(),
    ...notUtf8(),
    ...wrongGzip(),
    ...wrongZstd(),
    ...wrongHeaders(),
    ...tooMuch(),
  ];
}

function wrongEnvelopes(): BadRequest[] {
  const fields: Record<string, readonly string[]> = {
    instance_id: [...wrong.name, deep.arrays, ""],
    epoch: [...wrong.time, deep.arrays],
    seq: [...wrong.integer, deep.objects],
    dropped: [...wrong.integer, deep.objects],
    batch_id: [...wrong.text, deep.arrays],
    invocations: ["null", "{}", '"x"', "1", "true", '{"0":{},"length":1}', deep.objects, ""],
    extra: ["1", deep.arrays, deep.objects],
    constructor: ["1"],
  };
  const members = Object.entries(fields).flatMap(([field, values]) =>
    values.map((value) => ({
      name: `${field}: ${value === "" ? "absent" : value.slice(0, 40)}`,
      status: 400,
      body: envelope({ [field]: value }),
    })),
  );
  const proto = envelope({}).replace("{", '{"__proto__":{"a":1},');
  const tops = ["null", "[]", '"x"', "1", "true", "{}", "1e999", deep.arrays, deep.objects];
  const bodies = [proto, `[${envelope({})}]`, JSON.stringify(envelope({})), ...tops];
  return [
    ...members,
    ...bodies.map((body) => ({ name: `top: ${body.slice(0, 30)}`, status: 400, body })),
  ];
}

/** JSON.parse would keep the last of the two and say nothing: whoever reads the first reads another report. */
function namedTwice(): BadRequest[] {
  const sample = sampleText();
  const members = Object.entries(JSON.parse(sample) as Record<string, unknown>);
  return members.flatMap(([field, value]) =>
    [JSON.stringify(value), "5"].map((again) => ({
      name: `${field} given twice, the second time ${again.slice(0, 40)}`,
      status: 400,
      body: reportText([sample.replace(/\}$/, `,"${field}":${again}}`)]),
    })),
  );
}

function wrongHeaders(): BadRequest[] {
  const body = envelope({});
  const types = [
    "",
    "text/plain",
    "text/json",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/x-protobuf",
    "application/octet-stream",
    "application/jsonx",
    "application/json; charset=utf-16",
    "application/json; charset=iso-8859-1",
    "application/json; charset=",
    "application/json; charset=utf-8; charset=latin1",
    "json",
    "*/*",
    "application/json, text/plain",
  ];
  const encodings = [
    "br",
    "deflate",
    "zstd, gzip",
    "compress",
    "gzip, gzip",
    "gzip;q=1",
    "identity, gzip",
    "*",
    "utf-8",
  ];
  return [
    ...types.map((type) => ({
      name: `content type ${type}`,
      status: 415,
      body,
      headers: { "content-type": type },
    })),
    ...encodings.map((encoding) => ({
      name: `content encoding ${encoding}`,
      status: 415,
      body,
      headers: { "content-encoding": encoding },
    })),
  ];
}

function tooMuch(): BadRequest[] {
  const padded = (bytes: number) => envelope({}) + " ".repeat(bytes - envelope({}).length);
  const large = padded(5 * MIB);
  const samples = Array.from({ length: 1_001 }, () => sampleText());
  return [
    { name: "5 MiB", status: 413, body: large },
    { name: "5 MiB in chunks", status: 413, body: large, isChunked: true },
    { name: "4 MiB and a byte", status: 413, body: padded(4 * MIB + 1) },
    { name: "4 MiB and a byte in chunks", status: 413, body: padded(4 * MIB + 1), isChunked: true },
    { name: "5 MiB packed", status: 413, body: gzipSync(large), headers: GZIP },
    {
      name: "a bomb of 200 MiB",
      status: 413,
      body: gzipSync(Buffer.alloc(BOMB_BYTES)),
      headers: GZIP,
    },
    {
      name: "a bomb of 200 MiB in zstd",
      status: 413,
      body: zstdCompressSync(Buffer.alloc(BOMB_BYTES)),
      headers: ZSTD,
    },
    { name: "20 MiB", status: 413, body: Buffer.alloc(20 * MIB, " ") },
    { name: "1,001 samples", status: 400, body: reportText(samples) },
    { name: "1,001 bad samples", status: 400, body: reportText(samples.map(() => "null")) },
    { name: "500,000 empty arrays", status: 400, body: reportText(new Array(500_000).fill("[]")) },
    {
      name: "200,000 unknown fields",
      status: 400,
      body: envelope(Object.fromEntries(Array.from({ length: 200_000 }, (_, n) => [`k${n}`, "1"]))),
    },
  ];
}
