/** Requests that are wrong as a whole: nothing of them may be kept. */
import { deflateSync, gzipSync } from "node:zlib";
import { reportText, sampleText } from "./malformed-samples.ts";
import { deep, NOT_UTF8, wrong } from "./malformed-values.ts";

const MIB = 1_048_576;
const CUTS = 40;
const BOMB_BYTES = 200 * MIB;

export interface BadRequest {
  name: string;
  status: number;
  body: string | Buffer;
  headers?: Record<string, string>;
  isChunked?: boolean;
}

const GZIP = { "content-encoding": "gzip" };

export function makeBadRequests(): BadRequest[] {
  return [
    ...wrongEnvelopes(),
    ...notJson(),
    ...notUtf8(),
    ...wrongGzip(),
    ...wrongHeaders(),
    ...tooMuch(),
  ];
}

function envelope(fields: Record<string, string>): string {
  const all = { instance_id: '"gw-1"', invocations: `[${sampleText()}]`, ...fields };
  const members = Object.entries(all).filter(([, value]) => value !== "");
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`;
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

function notJson(): BadRequest[] {
  const valid = envelope({});
  const cut = Array.from({ length: CUTS }, (_, index) =>
    valid.slice(0, Math.floor((index / CUTS) * valid.length)),
  );
  const literals = [
    "NaN",
    "Infinity",
    "-Infinity",
    "0x10",
    "01",
    "+1",
    ".5",
    "1.",
    "1_000",
    "undefined",
    "1n",
  ];
  const numbers = ["duration_ms", "started_at", "request_bytes"].flatMap((field) =>
    literals.map((literal) => reportText([sampleText({ [field]: literal })])),
  );
  const others = [
    `${valid}${valid}`,
    `${valid},`,
    `${valid}\0`,
    valid.replaceAll('"', "'"),
    valid.replace('"instance_id"', "instance_id"),
    valid.replace("]}", "],}"),
    `// a comment\n${valid}`,
    valid.replace('"prod"', '"pr\nod"'),
    valid.replace('"prod"', '"pr\0od"'),
    valid.replace('"prod"', '"\\x41"'),
    valid.replace('"prod"', '"\\u12"'),
    ")]}'\n{}",
    " \n\t ",
    "<invocations/>",
    deep.unclosed,
    '{"instance_id":"gw-1","invocations":[]',
  ];
  const bodies = [...cut, ...numbers, ...others];
  return bodies.map((body, index) => ({
    name: `not JSON ${index}: …${body.slice(-30)}`,
    status: 400,
    body,
  }));
}

function notUtf8(): BadRequest[] {
  const places = ["instance_id", "batch_id", "workspace", "tool", "actor", "error_message"];
  return places.flatMap((place) =>
    Object.entries(NOT_UTF8).map(([name, bytes]) => {
      const isEnvelope = place === "instance_id" || place === "batch_id";
      const mark = { [place]: '"MARK"' };
      const text = isEnvelope ? envelope(mark) : reportText([sampleText(mark)]);
      const [before = "", after = ""] = text.split("MARK");
      const body = Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
      return { name: `${name} in ${place}`, status: 400, body };
    }),
  );
}

function wrongGzip(): BadRequest[] {
  const valid = envelope({});
  const packed = gzipSync(valid);
  const damaged = (at: number) => {
    const copy = Buffer.from(packed);
    copy[at] = (copy[at] ?? 0) ^ 0xff;
    return copy;
  };
  const cuts = [1, 9, 10, 11, 40, packed.length - 9, packed.length - 8, packed.length - 1];
  const bodies: Record<string, Buffer | string> = {
    "plain text": valid,
    "an empty body": "",
    "zlib's format": deflateSync(valid),
    "gzip twice": gzipSync(packed),
    "a wrong magic number": damaged(0),
    "a wrong method": damaged(2),
    "a damaged block": damaged(20),
    "a wrong CRC": damaged(packed.length - 6),
    "a wrong length": damaged(packed.length - 2),
    "data after the end": Buffer.concat([packed, Buffer.from("garbage")]),
    "JSON cut short": gzipSync(valid.slice(0, -1)),
    "not UTF-8": gzipSync(Buffer.from([0x22, 0xff, 0x22])),
    "100,000 arrays": gzipSync(deep.arrays),
  };
  for (const cut of cuts) bodies[`the first ${cut} bytes`] = packed.subarray(0, cut);
  const bad = Object.entries(bodies).map(([name, body]) => ({
    name: `gzip: ${name}`,
    status: 400,
    body,
    headers: GZIP,
  }));
  return [...bad, { name: "gzip without saying so", status: 400, body: packed }];
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
    "zstd",
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
