import canonicalize from "canonicalize";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CanonicalObject,
  type CanonicalValue,
  canonicalJson,
  parseCanonicalJson,
} from "#formats/canonical-json.ts";
import { encodeHex } from "#formats/hex.ts";
import { sha256 } from "#formats/sha256.ts";

/**
 * github.com/cyberphone/json-canonicalization testdata/{input,outhex} at 19d51d7, Apache-2.0: those
 * without numbers and arrays, and of values.json the string.
 */
const PUBLISHED = [
  [
    "french",
    `{
      "peach": "This sorting order",
      "péché": "is wrong according to French",
      "pêche": "but canonicalization MUST",
      "sin":   "ignore locale"
    }`,
    `7b227065616368223a225468697320736f7274696e67206f72646572222c2270c3a96368c3a9223a2269732077726f
     6e67206163636f7264696e6720746f204672656e6368222c2270c3aa636865223a226275742063616e6f6e6963616c
     697a6174696f6e204d555354222c2273696e223a2269676e6f7265206c6f63616c65227d`,
  ],
  [
    "unicode",
    String.raw`{ "Unnormalized Unicode":"A\u030a" }`,
    "7b22556e6e6f726d616c697a656420556e69636f6465223a2241cc8a227d",
  ],
  [
    "weird",
    String.raw`{
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\u000a": "Newline",
      "1": "One",
      "\u0080": "Control\u007f",
      "\ud83d\ude02": "Smiley",
      "\u00f6": "Latin Small Letter O With Diaeresis",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "</script>": "Browser Challenge"
    }`,
    `7b225c6e223a224e65776c696e65222c225c72223a2243617272696167652052657475726e222c2231223a224f6e65
     222c223c2f7363726970743e223a2242726f77736572204368616c6c656e6765222c22c280223a22436f6e74726f6c
     7f222c22c3b6223a224c6174696e20536d616c6c204c6574746572204f205769746820446961657265736973222c22
     e282ac223a224575726f205369676e222c22f09f9882223a22536d696c6579222c22efacb3223a2248656272657720
     4c65747465722044616c6574205769746820446167657368227d`,
  ],
  [
    "values.string",
    String.raw`{"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"}`,
    "7b22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d",
  ],
] as const;

/** github.com/notboatanchor/gif mcp-server/conformance/audit-record-contract, Apache-2.0: rec1. */
const SEP_3004_RECORD: CanonicalObject = {
  event_id: "99999999-9999-9999-9999-999999999999",
  occurred_at: "2026-06-06T12:00:00.000Z",
  principal_id: "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
  event_type: "tool_call",
  tool_name: "export",
  outcome: "deferred",
  previous_hash: null,
};
const CALLER_GOVERNANCE: CanonicalObject = {
  session_id: "55555555-5555-5555-5555-555555555555",
  invoked_by_principal_id: null,
  purpose_declared: "reconcile June invoices",
  flagged: false,
};
const RUNTIME_SECURITY: CanonicalObject = {
  severity: "high",
  policy_id: "example.org/runtime-drift@3",
  drift_status: "confirmed",
  quarantine_decision: "quarantine",
  evidence_hash: "sha256:b2c547e2c8f17eafc72ef5c2d4d7b6b4d0f7437ab52bae573a9af14ff5e2d9be",
};

const utf8 = (text: string) => new TextEncoder().encode(text);
const sha256Hex = (text: string) => encodeHex(sha256(utf8(text)));
const unchecked = (value: unknown) => canonicalJson(value as CanonicalValue);

const text = fc.oneof(
  fc.string({ unit: "grapheme-ascii" }),
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.string({
    unit: fc.constantFrom('"', "\\", "/", "\n", "\u0000", "\u007f", "\u2028", "😂", "\ufb33"),
  }),
);
const key = fc.oneof(
  text,
  fc.nat({ max: 200 }).map(String),
  fc.constantFrom("__proto__", "", "-0"),
);
const { object } = fc.letrec<{ value: CanonicalValue; object: CanonicalObject }>((tie) => ({
  value: fc.oneof({ maxDepth: 7 }, fc.oneof(text, fc.boolean(), fc.constant(null)), tie("object")),
  object: fc
    .array(fc.tuple(key, tie("value")), { maxLength: 12 })
    .map((members) => Object.fromEntries(members)),
}));

/** As many objects, each in the one before. */
function nested(depth: number): CanonicalObject {
  return depth === 1 ? {} : { a: nested(depth - 1) };
}

describe("canonicalJson", () => {
  it.each(PUBLISHED)("writes the published vector %s", (_, input, outHex) => {
    expect(encodeHex(utf8(canonicalJson(JSON.parse(input))))).toBe(outHex.replaceAll(/\s/g, ""));
  });

  it("hashes to the known answers of SEP-3004, with one extension and with two", () => {
    const one = { "caller-governance": CALLER_GOVERNANCE };
    const two = { "runtime-security": RUNTIME_SECURITY, ...one };
    expect(sha256Hex(canonicalJson({ ...SEP_3004_RECORD, extensions: one }))).toBe(
      "d494769c1ae442ea88dd190068747abf63c0568a3b856f85791b1a50a99d48b4",
    );
    expect(sha256Hex(canonicalJson({ extensions: two, ...SEP_3004_RECORD }))).toBe(
      "f733fed9cc757165f810b778e4baba1f51a45504988e937707aaab4361b2f064",
    );
  });

  it("agrees with npm canonicalize on objects with any key and any text", () => {
    fc.assert(
      fc.property(object, (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it("agrees with npm canonicalize on every code unit, as a value and as a key", () => {
    const wrong: number[] = [];
    for (let unit = 0; unit <= 0xffff; unit++) {
      const character = String.fromCharCode(unit);
      if (!character.isWellFormed()) continue;
      const value = { [`a${character}`]: character };
      if (canonicalJson(value) !== canonicalize(value)) wrong.push(unit);
    }
    expect(wrong).toEqual([]);
  });

  it("does not depend on the order in which members were set", () => {
    fc.assert(
      fc.property(object, (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      }),
    );
  });

  it("sorts by code unit: numbers as text, an astral key before U+FB33, nothing by locale", () => {
    const keys = ["\ufb33", "😂", "é", "z", "a", "Z", "2", "10", "1", ""];
    const sorted = ["", "1", "10", "2", "Z", "a", "z", "é", "😂", "\ufb33"];
    const written = canonicalJson(Object.fromEntries(keys.map((name) => [name, true])));
    expect(written).toBe(`{${sorted.map((name) => `"${name}":true`).join(",")}}`);
  });

  it("writes __proto__ as the key that it is, and what it hides behind is not written", () => {
    const own = '{"__proto__":{"a":"b"},"constructor":null,"toString":"c"}';
    expect(canonicalJson(JSON.parse(own))).toBe(own);
    expect(() => unchecked({ __proto__: { inherited: "x" } })).toThrow(TypeError);
    expect(unchecked({ __proto__: null, a: "b" })).toBe('{"a":"b"}');
  });

  it("writes a value that is no object", () => {
    expect(["é", "", null, true, false].map(canonicalJson)).toEqual([
      '"é"',
      '""',
      "null",
      "true",
      "false",
    ]);
    expect(canonicalJson({})).toBe("{}");
  });

  it("normalizes nothing", () => {
    expect(canonicalJson("A\u030a")).toBe('"A\u030a"');
    expect(canonicalJson(" \u00c5\u00a0")).toBe('" \u00c5\u00a0"');
  });

  it("refuses a lone surrogate wherever it stands, and takes every text without one", () => {
    const anyUnits = fc
      .array(fc.oneof(fc.integer({ min: 0xd7f0, max: 0xe010 }), fc.nat({ max: 0xffff })))
      .map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(anyUnits, (units) => {
        const places = [units, { a: units }, { [units]: "a" }, { a: { b: { c: units } } }];
        for (const place of places) {
          if (units.isWellFormed()) expect(canonicalJson(place)).toBe(canonicalize(place));
          else expect(() => canonicalJson(place)).toThrow(TypeError);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["a number", 1],
    ["not a number", Number.NaN],
    ["a bigint", 1n],
    ["undefined", undefined],
    ["an array", []],
    ["a function", () => "a"],
    ["a symbol", Symbol("a")],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["bytes", new Uint8Array(1)],
    ["a boxed text", Object("a")],
    ["an object of a class", new (class Row {})()],
    ["an object that inherits", Object.create({ a: "b" })],
  ])("refuses %s, alone and as a member", (_, value) => {
    expect(() => unchecked(value)).toThrow(TypeError);
    expect(() => unchecked({ a: { b: value } })).toThrow(TypeError);
  });

  it("nests eight objects and no more, so that a cycle is refused", () => {
    expect(canonicalJson(nested(8))).toBe(canonicalize(nested(8)));
    expect(() => canonicalJson(nested(9))).toThrow(TypeError);
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    expect(() => unchecked(cycle)).toThrow(TypeError);
  });
});

describe("parseCanonicalJson", () => {
  it("gives back the object of every canonical text", () => {
    fc.assert(
      fc.property(object, (value) => {
        const written = canonicalJson(value);
        const parsed = parseCanonicalJson(written);
        expect(parsed).not.toBeNull();
        expect(Object.keys(parsed!).sort()).toEqual(Object.keys(value).sort());
        expect(canonicalJson(parsed!)).toBe(written);
      }),
    );
  });

  it("takes a text only if it is what canonicalJson writes, whatever was changed in it", () => {
    const edit = fc.tuple(
      fc.nat(),
      fc.nat({ max: 1 }),
      fc.constantFrom(...'{}":, \\/u0aA\n1t', ""),
    );
    fc.assert(
      fc.property(object, edit, (value, [place, removed, added]) => {
        const written = canonicalJson(value);
        const at = place % written.length;
        const edited = written.slice(0, at) + added + written.slice(at + removed);
        const parsed = parseCanonicalJson(edited);
        expect(parsed === null || canonicalJson(parsed) === edited).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["a key twice", '{"a":"b","a":"b"}'],
    ["a key twice, once escaped", '{"a":"b","\\u0061":"b"}'],
    ["keys out of order", '{"b":null,"a":null}'],
    ["keys by code point", '{"\ufb33":null,"😂":null}'],
    ["inner keys out of order", '{"a":{"c":null,"b":null}}'],
    ["white space inside", '{"a": null}'],
    ["white space before", ' {"a":null}'],
    ["a line end", '{"a":null}\n'],
    ["a byte order mark", '\ufeff{"a":null}'],
    ["an escape of a plain letter", '{"a":"\\u0062"}'],
    ["an escaped solidus", '{"a":"\\/"}'],
    ["a long escape where a short one is", '{"a":"\\u000a"}'],
    ["an escape in upper case", '{"a":"\\u001F"}'],
    ["an escaped letter outside ASCII", '{"a":"\\u00e9"}'],
    ["an escaped surrogate pair", '{"a":"\\ud83d\\ude02"}'],
    ["an escaped lone surrogate", '{"a":"\\ud800"}'],
    ["a lone surrogate", '{"a":"\ud800"}'],
    ["a number", '{"a":1}'],
    ["an array", '{"a":[]}'],
    ["an array alone", "[]"],
    ["a text alone", '"a"'],
    ["null alone", "null"],
    ["nothing", ""],
    ["half an object", '{"a":null'],
    ["two objects", "{}{}"],
    ["nine levels", canonicalize(nested(9))!],
    ["a hundred thousand levels", '{"a":'.repeat(100_000) + "}".repeat(100_000)],
  ])("refuses %s", (_, given) => {
    expect(parseCanonicalJson(given)).toBeNull();
  });

  it("has __proto__ as an own key, and no prototype is set by it", () => {
    const parsed = parseCanonicalJson('{"__proto__":{"admin":true}}')!;
    expect(Object.hasOwn(parsed, "__proto__")).toBe(true);
    expect(parsed["admin"]).toBeUndefined();
  });
});
