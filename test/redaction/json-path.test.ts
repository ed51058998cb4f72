import { describe, expect, it } from "vitest";
import { parseJsonPath } from "#redaction/json-path.ts";
import { redactText } from "#redaction/redact-text.ts";

function redacted(value: unknown, ...paths: string[]): unknown {
  const parsed = paths.map(
    (path) => parseJsonPath(path) as Exclude<ReturnType<typeof parseJsonPath>, string>,
  );
  const text = redactText(JSON.stringify(value), { paths: parsed, detectsSecrets: false });
  return JSON.parse(text);
}

const GONE = "[redacted]";

describe("A path", () => {
  it.each([
    ["$.a", { a: 1, b: 1 }, { a: GONE, b: 1 }],
    ["$.a.b", { a: { b: 1 }, b: 1 }, { a: { b: GONE }, b: 1 }],
    ["$['a b']", { "a b": 1, a: 1 }, { "a b": GONE, a: 1 }],
    ["$['it\\'s \"q\"']", { 'it\'s "q"': 1 }, { 'it\'s "q"': GONE }],
    ['$["\\u00e9\\"\'"]', { "é\"'": 1 }, { "é\"'": GONE }],
    ["$.ünï_9", { ünï_9: 1 }, { ünï_9: GONE }],
    ["$[1]", [1, 2, 3], [1, GONE, 3]],
    ["$[ 1 ]", [1, 2], [1, GONE]],
    ["$['1']", [1, 2], [1, 2]],
    ["$[1]", { 1: 1 }, { 1: 1 }],
    ["$.*", { a: 1, b: [1] }, { a: GONE, b: GONE }],
    ["$[*].a", [{ a: 1 }, { b: 1 }], [{ a: GONE }, { b: 1 }]],
    ["$..a", { a: 1, b: [{ a: { a: 1 } }] }, { a: GONE, b: [{ a: GONE }] }],
    ["$..a[0]", { a: [1, 2], b: { a: [3] } }, { a: [GONE, 2], b: { a: [GONE] } }],
    ["$..['a']", { b: { a: 1 } }, { b: { a: GONE } }],
    [
      "$..a..b",
      { a: { x: [{ b: 1 }], a: { b: 2 } }, b: 3 },
      { a: { x: [{ b: GONE }], a: { b: GONE } }, b: 3 },
    ],
    ["$..*", { a: { b: 1 } }, { a: GONE }],
    ["$.a.b", { a: "no object", c: null }, { a: "no object", c: null }],
    [
      "$['__proto__'].x",
      JSON.parse('{"__proto__":{"x":1}}'),
      JSON.parse(`{"__proto__":{"x":"${GONE}"}}`),
    ],
  ])("%s takes what RFC 9535 has it name", (path, value, expected) => {
    expect(redacted(value, path)).toEqual(expected);
  });

  it("that is $ alone takes all", () => {
    expect(redacted({ a: 1 }, "$")).toBe(GONE);
  });

  it("goes on in the JSON that a text holds, and in base 64", () => {
    const inner = { password: "hunter2", ok: 1 };
    const text = JSON.stringify(inner);
    const value = { content: [{ text }, { text: `${btoa(text)}` }], ok: "as it was" };
    expect(redacted(value, "$.content[*].text.password")).toEqual({
      content: [{ text: JSON.stringify({ ...inner, password: GONE }) }, { text: GONE }],
      ok: "as it was",
    });
  });

  it("costs in proportion to the value, whatever it is", () => {
    let deep: unknown = 1;
    for (let at = 0; at < 200; at++) deep = { a: deep, b: deep === 1 ? 1 : 2 };
    expect(redacted(deep, "$..a..a", "$..*..c", "$..a..nothing")).toMatchObject({ b: 2 });
  });

  it.each([
    "",
    "a",
    ".a",
    "$a",
    "$.",
    "$..",
    "$...a",
    "$.a.",
    "$[",
    "$[]",
    "$[-1]",
    "$[01]",
    "$[1:2]",
    "$[1,2]",
    "$[?@.a]",
    "$.a b",
    "$ .a",
    "$.1",
    "$['a",
    "$['\\x']",
    '$["\\\'"]',
    "$['\\\"']",
    '$["\\ud800"]',
    "$['a\u0000']",
    "$..a..b..c",
    `$${".a".repeat(17)}`,
    `$.${"a".repeat(511)}`,
    "$.a.length()",
    "$[9999999999999999]",
  ])("%j is refused, with what is wrong", (path) => {
    expect(parseJsonPath(path)).toMatch(/^(must|is not understood)/);
  });
});
