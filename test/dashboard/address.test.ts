import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress, type Place, parseAddress } from "#dashboard/place/address.ts";

/** `.` and `..` are ways in an address, and names of nothing here. */
const name = fc
  .string({ unit: "grapheme", minLength: 1 })
  .filter((text) => text !== "." && text !== "..");
const query = fc
  .array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })))
  .map((pairs) => new Map(pairs));
const place: fc.Arbitrary<Place> = fc.oneof(
  fc.record({
    org: name,
    page: fc.constantFrom("overview", "activity", "lag", "audit"),
    id: fc.constant(null),
    query,
  }),
  fc.record({ org: name, page: fc.constant("call"), id: name, query }),
  fc.record({
    org: name,
    page: fc.constant("entry"),
    id: fc.tuple(fc.constantFrom("log", "log-2"), fc.nat()).map((parts) => parts.join("/")),
    query,
  }),
  fc.record({
    org: fc.constant(null),
    page: fc.constantFrom("overview", "style", "sign-in"),
    id: fc.constant(null),
    query,
  }),
) as fc.Arbitrary<Place>;

function parsed(address: string): Place {
  const url = new URL(`https://mcpg.example${address}`);
  return parseAddress(url.pathname, url.search);
}

describe("an address", () => {
  it("that a place is written as is that place again", () => {
    fc.assert(
      fc.property(place, (one) => {
        expect(parsed(formatAddress(one))).toEqual(one);
      }),
    );
  });

  it("whatever it is means a place, whose address is itself", () => {
    fc.assert(
      fc.property(fc.webPath(), (path) => {
        const found = parsed(path);
        expect(parsed(formatAddress(found))).toEqual(found);
      }),
    );
  });

  it("tells an empty parameter from one that is absent", () => {
    expect(parsed("/orgs/acme/activity?tool=").query.get("tool")).toBe("");
    expect(parsed("/orgs/acme/activity").query.has("tool")).toBe(false);
  });

  it.each([
    ["/", null, "overview", null],
    ["/orgs/acme", "acme", "overview", null],
    ["/orgs/acme/lag", "acme", "lag", null],
    ["/orgs/acme/calls/0193", "acme", "call", "0193"],
    ["/orgs/acme/audit/log-2/12", "acme", "entry", "log-2/12"],
    ["/style", null, "style", null],
    ["/orgs/acme/audit/log", null, "missing", "/orgs/acme/audit/log"],
    ["/orgs/%E0%A4%A/lag", null, "missing", "/orgs/%E0%A4%A/lag"],
    ["/orgs//lag", null, "missing", "/orgs//lag"],
    ["//evil.example/x", null, "missing", "/evil.example/x"],
    ["/orgs/acme/lag/", null, "missing", "/orgs/acme/lag/"],
  ])("%s is where it says", (path, org, page, id) => {
    expect(parsed(path)).toMatchObject({ org, page, id });
  });
});
