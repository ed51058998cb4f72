import * as Type from "typebox";
import { describe, expect, it } from "vitest";
import { validationErrors } from "#http/validation-errors.ts";

const Item = Type.Object({ name: Type.String() }, { additionalProperties: false });
const schema = Type.Object(
  { id: Type.String(), items: Type.Array(Item, { minItems: 1, maxItems: 1_000 }) },
  { additionalProperties: false },
);

/** A list that notes which of its items are looked at. */
function watchedList(items: unknown[]): { list: unknown[]; seen: Set<string> } {
  const seen = new Set<string>();
  const list = new Proxy(items, {
    get(target, key, receiver) {
      if (typeof key === "string" && /^\d+$/.test(key)) seen.add(key);
      return Reflect.get(target, key, receiver);
    },
  });
  return { list, seen };
}

describe("The errors of a value", () => {
  it("are its length alone where it is too long: none of its items is looked at", () => {
    const { list, seen } = watchedList(Array.from({ length: 2_000_000 }, () => 0));
    const errors = validationErrors(schema, { id: "a", items: list });
    expect(errors).toEqual([{ pointer: "/items", message: "must not have more than 1000 items" }]);
    expect(seen.size).toBe(0);
  });

  it("end with the first twenty, and so does the looking", () => {
    const { list, seen } = watchedList([{ name: "a" }, ...Array.from({ length: 900 }, () => 0)]);
    const errors = validationErrors(schema, { id: "a", items: list });
    expect(errors.map(({ pointer }) => pointer)).toEqual(
      Array.from({ length: 20 }, (_, index) => `/items/${index + 1}`),
    );
    expect(seen.size).toBe(21);
  });

  it("are twenty of one object too", () => {
    const keys = Object.fromEntries(Array.from({ length: 40 }, (_, key) => [`k${key}`, 0]));
    expect(validationErrors(schema, { id: "a", items: [{ name: "a" }], ...keys })).toHaveLength(20);
  });

  it("are those of the value itself and of what it holds", () => {
    const value = { items: [{ name: 1 }, { nam: "x" }], "a/b": 1 };
    expect(validationErrors(schema, value)).toEqual([
      { pointer: "/id", message: "is required" },
      { pointer: "/a~1b", message: "is not a known key" },
      { pointer: "/items/0/name", message: "must be string" },
      { pointer: "/items/1/name", message: "is required" },
      { pointer: "/items/1/nam", message: "is not a known key" },
    ]);
    expect(validationErrors(schema, { id: "a", items: [] })).toMatchObject([{ pointer: "/items" }]);
  });

  it("say that an object has too many keys, wherever it is, and name none", () => {
    const keys = Object.fromEntries(Array.from({ length: 101 }, (_, key) => [`k${key}`, 0]));
    const message = "has too many keys";
    expect(validationErrors(schema, keys)).toEqual([{ pointer: "", message }]);
    const value = { id: "a", items: [{ name: "a" }, keys] };
    expect(validationErrors(schema, value)).toEqual([{ pointer: "/items/1", message }]);
  });

  it("are told of what is neither object nor list", () => {
    for (const value of [null, 7, "x", true, []]) {
      expect(validationErrors(schema, value)).toMatchObject([{ pointer: "" }]);
    }
  });
});
