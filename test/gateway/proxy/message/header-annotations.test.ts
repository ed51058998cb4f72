import { describe, expect, it } from "vitest";
import { headerAnnotations } from "#gateway/proxy/message/header-annotations.ts";

const property = (name: unknown, type: unknown = "string") => ({ type, "x-mcp-header": name });
const schema = (properties: object, more: object = {}) => ({ type: "object", properties, ...more });

describe("A tool's x-mcp-header", () => {
  it("names an argument at any depth of properties", () => {
    const nested = schema({
      region: property("Region"),
      count: property("X.Count_1", "integer"),
      deep: schema({ er: schema({ flag: property("Method", "boolean") }) }),
      plain: { type: "string" },
    });
    const annotations = headerAnnotations(nested)!;
    expect(new Set(annotations)).toEqual(
      new Set([
        { path: ["region"], header: "mcp-param-region" },
        { path: ["count"], header: "mcp-param-x.count_1" },
        { path: ["deep", "er", "flag"], header: "mcp-param-method" },
      ]),
    );
    expect(headerAnnotations(nested)).toBe(annotations);
    expect(headerAnnotations({ type: "object" })).toEqual([]);
  });

  it.each([
    ["the same name twice", schema({ a: property("Region"), b: property("Region") })],
    ["twice but for case", schema({ a: property("Region"), b: property("REGION") })],
    ["twice at other depths", schema({ a: property("R"), b: schema({ c: property("r") }) })],
    ["an empty name", schema({ a: property("") })],
    ["a space", schema({ a: property("My Region") })],
    ["a colon", schema({ a: property("Region:Primary") })],
    ["not ASCII", schema({ a: property("Région") })],
    ["a control character", schema({ a: property("Region\t1") })],
    ["a line feed at its end", schema({ a: property("Region\n") })],
    ["no text", schema({ a: property(1) })],
    ["null", schema({ a: property(null) })],
    ["a name without end", schema({ a: property("x".repeat(129)) })],
    ["type array", schema({ a: property("A", "array") })],
    ["type object", schema({ a: property("A", "object") })],
    ["type null", schema({ a: property("A", "null") })],
    ["type number", schema({ a: property("A", "number") })],
    ["no type", schema({ a: { "x-mcp-header": "A" } })],
    ["several types", schema({ a: property("A", ["string", "null"]) })],
    ["the root", schema({}, { "x-mcp-header": "A" })],
    ["items", schema({ a: { type: "array", items: property("A") } })],
    ["properties below items", schema({ a: { items: schema({ b: property("A") }) } })],
    ["prefixItems", schema({ a: { prefixItems: [{}, property("A")] } })],
    ["additionalProperties", schema({}, { additionalProperties: property("A") })],
    ["patternProperties", schema({}, { patternProperties: { "^a": property("A") } })],
    ["anyOf", schema({ a: { anyOf: [property("A")] } })],
    ["oneOf", schema({}, { oneOf: [schema({ a: property("A") })] })],
    ["allOf", schema({}, { allOf: [schema({ a: property("A") })] })],
    ["not", schema({}, { not: schema({ a: property("A") }) })],
    ["if", schema({}, { if: schema({ a: property("A") }) })],
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    ["then", schema({}, { then: schema({ a: property("A") }) })],
    ["else", schema({}, { else: schema({ a: property("A") }) })],
    ["$defs", schema({ a: { $ref: "#/$defs/r" } }, { $defs: { r: property("A") } })],
  ])("is none of any argument where one is against the rules: %s", (_, invalid) => {
    expect(headerAnnotations(invalid)).toBeNull();
  });

  it("is an annotation only where a schema stands", () => {
    const values = schema({
      "x-mcp-header": { type: "string" },
      a: { type: "object", default: property(""), enum: [property("")], examples: [property("")] },
    });
    expect(headerAnnotations(values)).toEqual([]);
  });

  it("is read of a schema of any depth and width", () => {
    let deep: object = { type: "string" };
    for (let depth = 0; depth < 50_000; depth += 1) deep = { items: deep };
    expect(headerAnnotations(deep)).toEqual([]);
    const wide = Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [`p${at}`, {}]));
    expect(headerAnnotations(schema(wide))).toEqual([]);
    const many = Object.fromEntries(
      Array.from({ length: 65 }, (_, at) => [`p${at}`, property(`H${at}`)]),
    );
    expect(headerAnnotations(schema(many))).toBeNull();
  });
});
