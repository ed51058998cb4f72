import { describe, expect, it } from "vitest";
import { hasArgumentTwin } from "#gateway/proxy/message/argument-twins.ts";

const SCHEMA = {
  type: "object",
  properties: {
    path: { type: "string" },
    PATH: { type: "string" },
    options: { type: "object", properties: { token: {} } },
    files: { type: "array", items: { type: "object", properties: { name: {} } } },
    env: { type: "object" },
  },
};

describe("Arguments", () => {
  it.each<[unknown, boolean]>([
    [{ path: "a", PATH: "b" }, false],
    [{ Path: "a" }, true],
    [{ path: "a", pAth: "b" }, true],
    [{ "option\u017f": {} }, true],
    [{ options: { "to\u212Aen": 1 } }, true],
    [{ options: { token: 1, other: 2, Other: 3 } }, false],
    [{ files: [{ name: "a" }, { Name: "b" }] }, true],
    [{ files: { Name: "b" } }, false],
    [{ env: { a: 1, A: 2 } }, false],
    [{ own: 1, OWN: 2 }, false],
    [{ constructor: 1 }, false],
    [null, false],
    [["Path"], false],
    ["Path", false],
    [undefined, false],
  ])("%j have a twin of a declared one: %s", (args, expected) => {
    expect(hasArgumentTwin(args, SCHEMA)).toBe(expected);
  });

  it("of a tool without a schema have none", () => {
    for (const schema of [null, undefined, {}, [], { properties: 1 }, { properties: null }]) {
      expect(hasArgumentTwin({ Path: 1 }, schema)).toBe(false);
    }
  });
});
