/** Bodies that cannot be read: not gzip or zstd, not UTF-8, not JSON. */
import { constants, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { reportText, sampleText } from "./malformed-samples.ts";
import { deep, NOT_UTF8 } from "./malformed-values.ts";

const CUTS = 40;

export interface BadRequest {
  name: string;
  status: number;
  body: string | Buffer;
  headers?: Record<string, string>;
  isChunked?: boolean;
}

export const GZIP = { "content-encoding": "gzip" };
export const ZSTD = { "content-encoding": "zstd" };

/** JSON text of a report; an empty field is left out. */
export function envelope(fields: Record<string, string>): string {
  const all = { instance_id: '"gw-1"', invocations: `[${sampleText()}]`, ...fields };
  const members = Object.entries(all).filter(([, value]) => value !== "");
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`;
}

export function notJson(): BadRequest[] {
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

export function notUtf8(): BadRequest[] {
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

export function wrongGzip(): BadRequest[] {
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
    "a member after padding": Buffer.concat([packed, Buffer.alloc(8), gzipSync(" ")]),
    "a second member cut short": Buffer.concat([packed, gzipSync(" ").subarray(0, -1)]),
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

export function wrongZstd(): BadRequest[] {
  const valid = envelope({});
  const packed = zstdCompressSync(valid, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const damaged = (at: number) => Buffer.from(packed.with(at, (packed[at] ?? 0) ^ 0xff));
  const frame = (...header: number[]) => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...header, 1, 0, 0]);
  const bodies: Record<string, Buffer | string> = {
    "plain text": valid,
    "an empty body": "",
    gzip: gzipSync(valid),
    "zstd twice": zstdCompressSync(packed),
    "a wrong magic number": damaged(0),
    "a damaged block": damaged(20),
    "a wrong checksum": damaged(packed.length - 1),
    "data after the end": Buffer.concat([packed, Buffer.from("garbage")]),
    "a second frame cut short": Buffer.concat([packed, packed.subarray(0, -1)]),
    "a window of 2 GiB": frame(0, (31 - 10) << 3),
    "a dictionary": frame(1, 80, 7),
    "a skippable frame cut short": Buffer.from([0x50, 0x2a, 0x4d, 0x18, 9, 0, 0, 0, 1]),
  };
  for (const cut of [1, 4, 5, 6, 40, packed.length - 4, packed.length - 1]) {
    bodies[`the first ${cut} bytes`] = packed.subarray(0, cut);
  }
  const bad = Object.entries(bodies).map(([name, body]) => ({
    name: `zstd: ${name}`,
    status: 400,
    body,
    headers: ZSTD,
  }));
  return [...bad, { name: "zstd without saying so", status: 400, body: packed }];
}
