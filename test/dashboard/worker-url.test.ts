import { expect, it } from "vitest";
import { onlyThat } from "#dashboard/proof/worker-url.ts";

it("the page's policy lets the proof worker's address be a script's, and no other", () => {
  const policy = onlyThat("/assets/proof-worker-1.js");
  expect(policy("/assets/proof-worker-1.js")).toBe("/assets/proof-worker-1.js");
  const others = [
    "",
    "/assets/proof-worker-1.js?",
    "data:text/javascript,alert(1)",
    "//evil.example/x",
  ];
  for (const url of others) expect(() => policy(url)).toThrow(TypeError);
});
