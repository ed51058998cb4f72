import { describe, expect, it } from "vitest";
import { payloadState, whyNoPayload } from "#dashboard/call/payload/payload-state.ts";

const token = (...scopes: string[]) => ({ principal: { kind: "token" as const }, scopes });
const administrator = { principal: { kind: "administrator" as const }, scopes: ["payloads:grant"] };

describe("A call's payload", () => {
  it.each([
    [false, token("payloads:read"), "nothing_kept"],
    [false, administrator, "nothing_kept"],
    [true, token("telemetry:read", "payloads:read"), "viewable"],
    [true, token("telemetry:read", "org:admin", "payloads:grant"), "no_scope"],
    [true, administrator, "administrator"],
    [true, null, "viewable"],
  ])(
    "is asked for where it may be had, else it is said why not: kept %s, %j: %s",
    (kept, viewer, state) => {
      expect(payloadState({ has_payload: kept }, viewer)).toBe(state);
    },
  );

  it.each([
    ["not_found", 404, /erased/],
    ["payload_destroyed", 410, /key.*destroyed/],
    ["payload_refused", 500, /altered/],
    ["not_entitled", 403, /not entitled/],
    ["insufficient_scope", 403, /payloads:read/],
    ["log_full", 503, /without its entry/],
  ])("that cannot be shown has a word for it: %s", (code, status, told) => {
    expect(whyNoPayload({ code, status })).toMatch(told);
  });

  it("that is kept back for another reason is told as the server tells it", () => {
    expect(whyNoPayload({ code: "too_many_requests", status: 429 })).toBeNull();
    expect(whyNoPayload({ code: "internal", status: 500 })).toBeNull();
  });
});
