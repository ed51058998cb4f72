import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasUniqueNames } from "#formats/unique-names.ts";

function isUnique(text: string): boolean {
  return hasUniqueNames(text, JSON.parse(text));
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
    expect(isUnique("[".repeat(depth) + "]".repeat(depth))).toBe(true);
    expect(isUnique(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`)).toBe(true);
  });
});
