import { describe, expect, it } from "vitest";
import { parseSeen, seenJson } from "#cli/verify/seen-json.ts";

const SEEN = {
  fromSeq: 256,
  promises: [
    { fromSeq: 0, days: 90 },
    { fromSeq: 300, days: 30 },
  ],
  times: [{ seq: 511, recordedAt: "2026-11-20T00:08:31.000Z" }],
};

describe("What a state remembers of entries", () => {
  it("is read as it was written, and is nothing in a state of before", () => {
    expect(parseSeen(JSON.parse(JSON.stringify(seenJson(SEEN))), 600)).toEqual(SEEN);
    expect(parseSeen({}, 600)).toBeNull();
  });

  it.each([
    ["a part of it", { times: [] }],
    ["a number that is none", { minimum_index: -0.5 }],
    ["days that are none", { retention: ["0 1.5"] }],
    ["more than two words", { retention: ["0 30 40"] }],
    ["a time that is none", { times: ["511 yesterday"] }],
    ["an entry that the kept log does not have", { times: ["600 2026-11-20T00:10:00.000Z"] }],
    ["lists that are texts", { times: "511 2026-11-20T00:08:31.000Z" as unknown as string[] }],
  ])("is never taken for nothing: %s", (name, changes) => {
    const json = name === "a part of it" ? changes : { ...seenJson(SEEN), ...changes };
    expect(parseSeen(json, 600)).toBe("malformed");
  });
});
