import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { policyRanges } from "#gateway/policy/engine/policy-text.ts";
import { memberEntity, pluginEntity } from "#gateway/policy/entity-ids.ts";
import { positionOf } from "#gateway/policy/text-position.ts";

const depthOf = (condition: string) =>
  policyRanges(`permit(principal, action, resource) when { ${condition} };`)[0]!.depth;

describe("A text's policies", () => {
  it("are found behind comments, strings and escapes that hold what ends one", () => {
    const policies = [
      "permit(principal, action, resource);",
      'forbid(principal, action, resource) when { principal == Mcp::User::"a;b\\";" };',
      '@id("x;") // ; "\n permit(principal, action, resource);',
    ];
    const text = `// ; permit\r${policies.join(' // "\n')}\n// ;`;
    const found = policyRanges(text).map(({ start, end }) => text.slice(start, end));
    expect(found).toEqual(policies);
  });

  it("are nested as deep as their brackets, chains and members, not as their lists are long", () => {
    const flat = depthOf('context.protocol == "a"');
    expect(depthOf(Array(40).fill("true").join(" || "))).toBeGreaterThanOrEqual(40);
    expect(depthOf(`context${".a".repeat(40)}`)).toBeGreaterThanOrEqual(40);
    expect(depthOf(`${"(".repeat(40)}true${")".repeat(40)}`)).toBeGreaterThanOrEqual(80);
    expect(depthOf(`${"(".repeat(40)}true`)).toBeGreaterThanOrEqual(80);
    const long = `["${Array(500).fill("a").join('","')}"].contains(context.protocol)`;
    expect(depthOf(long)).toBeLessThan(flat + 10);
    const wide = Array(10).fill('context has input && context.input.a.b like "x*"').join(" && ");
    expect(depthOf(wide)).toBeLessThanOrEqual(64);
  });
});

describe("An entity's id", () => {
  it("is no other entity's, whatever the names hold", () => {
    const name = fc.oneof(
      fc.constantFrom("a", "a/b", "b/c", "/", "%2F", "%", "", "a%2Fb"),
      fc.string(),
    );
    const place = fc.tuple(name, name, name);
    const idOf = ([workspace, plugin, tool]: [string, string, string]) =>
      memberEntity("Mcp::Tool", pluginEntity(workspace, plugin), tool).id;
    fc.assert(
      fc.property(place, place, (one, other) => {
        expect(idOf(one) === idOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("A position", () => {
  it("counts lines by any line end, columns in UTF-16, from an offset in UTF-8", () => {
    const text = "é\r\n😀x\ny";
    expect(positionOf(text, 0)).toEqual({ line: 1, column: 1 });
    expect(positionOf(text, 2)).toEqual({ line: 1, column: 2 });
    expect(positionOf(text, 8)).toEqual({ line: 2, column: 3 });
    expect(positionOf(text, 6)).toEqual({ line: 2, column: 1 });
    expect(positionOf(text, 10)).toEqual({ line: 3, column: 1 });
  });
});
