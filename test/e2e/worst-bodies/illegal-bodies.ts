/** What a stranger makes of any route that takes JSON: each as large as the route lets it be. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import { GZIP, MIB, type WorstRequest, ZSTD } from "./worst-request.ts";

const BOMB_BYTES = 100 * MIB;
const EMPTY_MEMBER = gzipSync("");
const REFUSED = [400, 413];

/** `member` is a list that the route knows, so that a validator has something to look into. */
export function illegalJson(path: string, bytesMax: number, member: string): WorstRequest[] {
  const filled = (text: string, room = bytesMax) => text.repeat(Math.floor(room / text.length));
  const listed = (item: string) =>
    `{"${member}":[${filled(`${item},`, bytesMax - member.length - 16)}${item}]}`;
  const bodies: Record<string, () => string> = {
    "as many zeros as there is room for": () => listed("0"),
    "as many empty lists": () => listed("[]"),
    "as many empty objects": () => listed("{}"),
    "one object an eighth as dense": () => listed('{"aaaaaa":0,"b":1}'),
    "nothing but brackets": () => filled("["),
    "brackets that close": () => filled("[", bytesMax / 2) + filled("]", bytesMax / 2),
    "nested objects": () =>
      `${filled('{"a":', (bytesMax / 6) * 5)}1${filled("}", bytesMax / 6 - 8)}`,
    "members without end": () =>
      `{${Array.from({ length: bytesMax / 13 }, (_, at) => `"k${at}":0`).join()}}`,
    "one member named again and again": () => `{${filled('"a":0,', bytesMax - 8)}"a":0}`,
    "one long name": () => `{"${filled("a", bytesMax - 8)}":0}`,
    "one string of escapes": () => `"${filled("\\\\", bytesMax - 2)}"`,
    "one string of quotes": () => `"${filled('\\"', bytesMax - 2)}"`,
    "one long number": () => filled("1"),
    "nothing but commas": () => filled(","),
    "nothing but quotes": () => filled('"'),
  };
  const plain = Object.entries(bodies).map(([name, body]) => ({
    name,
    path,
    body,
    statuses: REFUSED,
  }));
  const bomb = {
    name: "100 MiB of zeros in gzip",
    path,
    body: () => gzipSync(Buffer.alloc(BOMB_BYTES)),
    headers: GZIP,
    statuses: [413],
  };
  const zstdBomb = {
    name: "100 MiB of zeros in zstd",
    path,
    body: () => zstdCompressSync(Buffer.alloc(BOMB_BYTES)),
    headers: ZSTD,
    statuses: [413],
  };
  const nothing = {
    name: "as many empty members of gzip as there is room for",
    path,
    body: () => Buffer.alloc(bytesMax - (bytesMax % EMPTY_MEMBER.length), EMPTY_MEMBER),
    headers: GZIP,
    statuses: [400],
  };
  const large = {
    name: "four times too much",
    path,
    body: () => Buffer.alloc(4 * bytesMax, " "),
    statuses: [413],
  };
  return [...plain, bomb, zstdBomb, nothing, large];
}

/** The library's own weaknesses, and the classics. */
export function illegalYaml(path: string): WorstRequest[] {
  const laughs = Array.from(
    { length: 9 },
    (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(", ")}]`,
  );
  const texts: Record<string, string> = {
    "billion laughs": `l0: &l0 ha\n${laughs.join("\n")}\n`,
    brackets: "[".repeat(60_000),
    braces: "{a: ".repeat(15_000),
    dashes: "- ".repeat(30_000),
    "question marks": "? ".repeat(30_000),
    documents: "---\n".repeat(15_000),
    comments: "#\n".repeat(30_000),
    tabs: "\t\n".repeat(30_000),
    anchors: "&a ".repeat(20_000),
    tags: "! ".repeat(30_000),
    "wrong escapes": `"${"\\q".repeat(30_000)}"`,
    "merge keys": "<<: {}\n".repeat(8_000),
    "keys twice": "a: 1\n".repeat(12_000),
    "a long plain scalar": `a: ${"x ".repeat(30_000)}`,
    "a plain scalar of lines": `a:\n${"  x\n".repeat(15_000)}`,
    "a folded scalar": `a: >\n${"  x\n\n".repeat(12_000)}`,
    indents: Array.from({ length: 340 }, (_, at) => `${" ".repeat(at)}a:`).join("\n"),
  };
  const yaml = { "content-type": "application/yaml" };
  const plain = Object.entries(texts).flatMap(([name, text]) => [
    { name: `YAML: ${name}`, path, body: () => text, headers: yaml, statuses: REFUSED },
    {
      name: `YAML: ${name}, in gzip`,
      path,
      body: () => gzipSync(text),
      headers: { ...yaml, ...GZIP },
      statuses: REFUSED,
    },
  ]);
  const bomb = {
    name: "YAML: 4 MiB of brackets in gzip",
    path,
    body: () => gzipSync(Buffer.alloc(4 * MIB, "[")),
    headers: { ...yaml, ...GZIP },
    statuses: [413],
  };
  return [...plain, bomb];
}
