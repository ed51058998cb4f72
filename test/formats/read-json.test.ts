import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJson } from "#formats/read-json.ts";

const VALUES_MAX = 2_000_000;

function isUnique(text: string): boolean {
  const reading = readJson(text, VALUES_MAX);
  if ("value" in reading) expect(reading.value).toEqual(JSON.parse(text));
  else expect(reading).toEqual({ refusal: "named_twice" });
  return "value" in reading;
}

describe("Unique names", () => {
  it("are those of every value that JSON.stringify wrote", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(4), (value, indent) => {
        expect(isUnique(JSON.stringify(value, null, indent))).toBe(true);
      }),
    );
  });

  it("are missed wherever one name is written again, in whatever escapes", () => {
    const escaped = (name: string) =>
      [...Array(name.length).keys()]
        .map((at) => `\\u${name.charCodeAt(at).toString(16).padStart(4, "0")}`)
        .join("");
    const twin = (value: unknown, name: string, isEscaped: boolean, depth: number): string => {
      const again = isEscaped ? `"${escaped(name)}"` : JSON.stringify(name);
      const object = `{${JSON.stringify(name)}: ${JSON.stringify(value)}, ${again} :1}`;
      return `${'[{"a\\\\":'.repeat(depth)}${object}${"}]".repeat(depth)}`;
    };
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 2 }),
        fc.string({ unit: "binary" }),
        fc.boolean(),
        fc.nat(5),
        (value, name, isEscaped, depth) => {
          expect(isUnique(twin(value, name, isEscaped, depth))).toBe(false);
        },
      ),
    );
  });

  it.each([
    ['{"__proto__":1,"a":2}', true],
    ['{"__proto__":1,"__proto__":2}', false],
    ['{"constructor":{"constructor":1}}', true],
    ['{"1":1,"01":2}', true],
    ['{"1":1,"1":2}', false],
    ['{"a":"\\"b\\":1","b":"{\\"a\\":2}"}', true],
    ['{"a\\\\":1,"a":2}', true],
    ['{"a":{"b":1},"a":{"c":{"d":2}}}', false],
    ['["a","a"]', true],
    ['"a"', true],
    ["[]", true],
    ["7", true],
  ])("of %s: %s", (text, expected) => {
    expect(isUnique(text)).toBe(expected);
  });

  it("are counted in what is nested as deep as a body is long", () => {
    const depth = 500_000;
    const reads = (text: string) => expect(readJson(text, VALUES_MAX)).toHaveProperty("value");
    reads("[".repeat(depth) + "]".repeat(depth));
    reads(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);
  });
});

describe("JSON of many values", () => {
  it.each([
    ["[0,0,0]", 4],
    ['{"a":0,"b":[]}', 4],
    ["[[[[]]]]", 5],
    ['{"a":"[,[,{,","b":"\\\\"}', 3],
    ["7", 1],
  ])("%s has at most %i, counted outside strings, and is refused with fewer", (text, values) => {
    expect(readJson(text, values)).toEqual({ value: JSON.parse(text) });
    expect(readJson(text, values - 1)).toEqual({ refusal: "too_many" });
  });

  it("is refused before it is parsed: it need not even be JSON", () => {
    expect(readJson("[".repeat(1_000), 100)).toEqual({ refusal: "too_many" });
    expect(readJson(`{"a":${",".repeat(1_000)}`, 100)).toEqual({ refusal: "too_many" });
  });

  it.each(["", "[", '"', '"a\\', '{"a":1', "[1,]", "nul", "\\", '"\\"', "{:}"])(
    "that %j is not, is refused as no JSON",
    (text) => expect(readJson(text, 100)).toEqual({ refusal: "not_json" }),
  );
});
