import canonicalize from "canonicalize";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jcs } from "#formats/jcs.ts";
import {
  DEFINITION_BYTES_MAX,
  pinList,
  TOOLS_MAX,
  wholeHash,
} from "#gateway/plugins/tool-definition.ts";
import { sha256Hex } from "#orgs/service-token.ts";
import { tool } from "./plugin-client.ts";

async function pinOf(one: unknown) {
  const { tools } = await pinList([one]);
  const [pin] = [...tools.values()];
  return pin!;
}

const BASE = {
  name: "search",
  title: "Search",
  description: "Finds things",
  inputSchema: { type: "object", properties: { q: { type: "string", maxLength: 1e2 } } },
  outputSchema: { type: "object" },
  annotations: { readOnlyHint: true },
};

describe("JCS", () => {
  it("is RFC 8785's text of any JSON, as the reference implementation writes it", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8, noUnicodeString: false }), (value) => {
        const parsed: unknown = JSON.parse(JSON.stringify(value));
        expect(jcs(parsed, 64)).toEqual({ text: canonicalize(parsed) });
      }),
      { numRuns: 500 },
    );
  });

  it("writes the RFC's own example", () => {
    const example = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    );
    expect(jcs(example, 4)).toEqual({
      text: '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    });
  });

  it.each([
    [{ a: "\ud800" }, "lone_surrogate"],
    [{ "\udfff": 1 }, "lone_surrogate"],
    [[[[[1]]]], "too_deep"],
    [{ a: undefined }, "not_json"],
    [Number.NaN, "not_json"],
  ])("has none of %j", (value, refusal) => {
    expect(jcs(value, 3)).toEqual({ refusal });
  });
});

describe("A tool's pin", () => {
  it("is the SHA-256 of what defines it, canonical", async () => {
    const pin = await pinOf({ ...BASE, icons: [{ src: "x" }], _meta: { a: 1 }, execution: {} });
    expect(pin.definition).toBe(canonicalize(BASE));
    expect(pin.hash).toBe(sha256Hex(pin.definition));
  });

  it("is the same however the list was written, and whatever does not define it", async () => {
    const { hash } = await pinOf(BASE);
    const reordered = Object.fromEntries(Object.entries(BASE).toReversed());
    const others = { ...reordered, _meta: { seen: 7 }, icons: [], x: 1 };
    expect((await pinOf(others)).hash).toBe(hash);
    const text = JSON.stringify(BASE).replace("100", "1.0e+2");
    expect((await pinOf(JSON.parse(text))).hash).toBe(hash);
  });

  it.each(["title", "description", "inputSchema", "outputSchema", "annotations"])(
    "changes with its %s, and where it has none",
    async (member) => {
      const { hash } = await pinOf(BASE);
      const changed = await pinOf({ ...BASE, [member]: { other: true } });
      const { [member as keyof typeof BASE]: _, ...without } = BASE;
      expect(new Set([hash, changed.hash, (await pinOf(without)).hash]).size).toBe(3);
    },
  );

  it("is of the name alone where the definition cannot be read, and says why", async () => {
    const nested = (depth: number): unknown =>
      Array.from({ length: depth }).reduce((inner) => [inner], 1 as unknown);
    const cases: [unknown, string][] = [
      [{ ...BASE, inputSchema: nested(70) }, "too_deep"],
      [{ ...BASE, inputSchema: nested(50_000) }, "too_deep"],
      [{ ...BASE, description: "\ud800" }, "lone_surrogate"],
      [{ ...BASE, description: "x".repeat(262_145) }, "no_room"],
    ];
    for (const [one, fault] of cases) {
      const pin = await pinOf(one);
      expect([pin.fault, pin.definition]).toEqual([fault, '{"name":"search"}']);
      expect(pin.hash).not.toBe((await pinOf({ name: "search" })).hash);
    }
  });

  it("of a name that is listed twice is of neither", async () => {
    const { tools } = await pinList([BASE, { ...BASE, description: "other" }, tool("b")]);
    expect([...tools.values()].map(({ name, fault }) => [name, fault])).toEqual([
      ["search", "named_twice"],
      ["b", null],
    ]);
  });
});

describe("A list", () => {
  it("loses no tool for another that is none, and says what it left out", async () => {
    const strange = [null, 7, "x", [], {}, { name: 7 }, { name: "" }, { name: "x".repeat(129) }];
    const names = [{ name: "a\u0000b" }, { name: "\ud800" }, { name: ".." }];
    const { tools, faults } = await pinList([tool("a"), ...strange, ...names, tool("b")]);
    expect([...tools.keys()]).toEqual(["a", "b"]);
    expect(faults).toEqual({ not_a_tool: 6, bad_name: 5 });
  });

  it("has 1,000 tools and 1 MiB of definitions; a tool past that is known by its name", async () => {
    const many = Array.from({ length: 1_100 }, (_, at) => tool(`t${at}`));
    const { tools, faults } = await pinList(many);
    expect([tools.size, faults]).toEqual([TOOLS_MAX, { too_many_tools: 100 }]);
    const large = Array.from({ length: 6 }, (_, at) => tool(`l${at}`, "x".repeat(200_000)));
    const pins = [...(await pinList([...large, tool("small")])).tools.values()];
    expect(pins.map(({ fault }) => fault)).toEqual([null, null, null, null, null, "no_room", null]);
    const bytes = pins.reduce((sum, pin) => sum + pin.bytes, 0);
    expect(bytes).toBeLessThanOrEqual(DEFINITION_BYTES_MAX);
  });

  it("is the same whole in any order, and another one with any other tool", async () => {
    const hashOf = async (list: readonly unknown[]) => wholeHash(await pinList(list));
    const whole = await hashOf([tool("a"), tool("b")]);
    expect(await hashOf([tool("b"), tool("a")])).toBe(whole);
    for (const other of [[tool("a")], [tool("a"), tool("b", "x")], [tool("a"), tool("b"), 7]]) {
      expect(await hashOf(other)).not.toBe(whole);
    }
  });

  it("takes names that objects inherit for names like others", async () => {
    const { tools } = await pinList([tool("__proto__"), tool("constructor"), tool("toString")]);
    expect([...tools.keys()]).toEqual(["__proto__", "constructor", "toString"]);
  });
});
