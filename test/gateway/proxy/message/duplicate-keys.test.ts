import fc from "fast-check";
import { visit } from "jsonc-parser";
import { describe, expect, it } from "vitest";
import { judgeText } from "#gateway/proxy/message/judge-body.ts";
import { causeOf, jsonValue, messageValue } from "./messages.ts";

const judge = (text: string) => judgeText(text, "2025-11-25");

describe("A body is refused", () => {
  it.each([
    ['{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}'],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","id":2}'],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","n\\u0061me":"b"}}'],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":[{"b":{"c":1,"\\u0063":1}}]}}'],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":1,"__proto__":2}}'],
  ])("where a member is named twice: %s", (text) => {
    expect(causeOf(judge(text))).toBe("duplicate_key");
  });

  it("wherever a name of it is written again, in whatever escapes", () => {
    fc.assert(
      fc.property(
        messageValue,
        fc.nat(),
        jsonValue,
        fc.boolean(),
        (value, pick, twin, isEscaped) => {
          const text = JSON.stringify(value);
          if (causeOf(judgeText(text, "2025-06-18")) !== "taken") return;
          const places = namesIn(text);
          const place = places[pick % places.length]!;
          const name = isEscaped ? escaped(place.name) : JSON.stringify(place.name);
          const edited = `${text.slice(0, place.at)}${name} :${JSON.stringify(twin)},${text.slice(place.at)}`;
          expect(causeOf(judgeText(edited, "2025-06-18"))).toBe("duplicate_key");
        },
      ),
      { numRuns: 500 },
    );
  });

  it("exactly where another parser sees a name twice", () => {
    const name = fc.constantFrom('"a"', '"\\u0061"', '"A"', '"b"', '"\\"a"', '"a\\\\"', '""');
    const { tree } = fc.letrec<{ tree: string; object: string; list: string }>((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom('"a:1"', "1", "{}"),
        tie("object"),
        tie("list"),
      ),
      object: fc
        .array(fc.tuple(name, tie("tree")), { maxLength: 3 })
        .map((members) => `{${members.map((member) => member.join(" : ")).join(",")}}`),
      list: fc.array(tie("tree"), { maxLength: 3 }).map((items) => `[${items.join(", ")}]`),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const text = `{"jsonrpc":"2.0","id":1,"method":"m","params":{"x":${value}}}`;
        expect(causeOf(judge(text))).toBe(namesTwice(text) ? "duplicate_key" : "taken");
      }),
      { numRuns: 1000 },
    );
  });
});

function namesTwice(text: string): boolean {
  const objects: Set<string>[] = [];
  let isTwice = false;
  visit(text, {
    onObjectBegin: () => void objects.push(new Set()),
    onObjectEnd: () => void objects.pop(),
    onObjectProperty: (name) => {
      isTwice ||= objects.at(-1)!.has(name);
      objects.at(-1)!.add(name);
    },
  });
  return isTwice;
}

/** Where the names of members begin, as another parser reads the text. */
function namesIn(text: string): { name: string; at: number }[] {
  const places: { name: string; at: number }[] = [];
  visit(text, { onObjectProperty: (name, at) => void places.push({ name, at }) });
  return places;
}

function escaped(name: string): string {
  const units = Array.from({ length: name.length }, (_, at) => name.charCodeAt(at));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("")}"`;
}
