import { describe, expect, it } from "vitest";
import { EVENT } from "../audit/audit-client.ts";
import { problemOf, refusal } from "../harness/answers.ts";
import { makeSample } from "../harness/calls.ts";
import { call } from "../harness/deployment.ts";
import { makeOrg } from "../harness/orgs.ts";

/** Names the first member that is named so once more, with another value, in an escape. */
function twice(body: unknown, name: string): string {
  const escaped = `\\u${name.charCodeAt(0).toString(16).padStart(4, "0")}${name.slice(1)}`;
  return JSON.stringify(body).replace(`"${name}":`, `"${escaped}":"other","${name}":`);
}

const event = { ...EVENT, details: { k: "a", other: "b" } };
const report = { instance_id: "g", events: [event] };
const calls = { instance_id: "g", batch_id: "b", invocations: [makeSample()] };
const token = { name: "x", scopes: ["telemetry:read"] };
const streams = { audit: { forward: { endpoint: "https://siem.example.com/in" } } };

describe("A body that names a member twice is refused", () => {
  it.each([
    ["POST", "/audit", report, "outcome"],
    ["POST", "/audit", report, "k"],
    ["POST", "/invocations", calls, "tool"],
    ["POST", "/service-tokens", token, "scopes"],
    ["PATCH", "", { publishes_audit_log: true }, "publishes_audit_log"],
    ["PUT", "/observability", streams, "endpoint"],
  ])("%s %s, %o: %s", async (method, path, body, name) => {
    const url = `/v1/orgs/${await makeOrg()}${path}`;
    const refused = await refusal(call(method, url, { body: twice(body, name) }));
    expect(refused).toEqual([400, "malformed_body"]);
    const taken = await call(method, url, { body: JSON.stringify(body) });
    expect([200, 201]).toContain(taken.status);
  });

  it("by OTLP's endpoint too", async () => {
    const path = `/v1/orgs/${await makeOrg()}/otlp/v1/traces`;
    const answer = await call("POST", path, { body: '{"resourceSpans":[],"resourceSpans":[]}' });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("named twice");
  });

  it("when an org is made", async () => {
    const body = '{"org":"twice-named","tier":"free","tier":"enterprise"}';
    const problem = await problemOf(call("POST", "/v1/orgs", { body }));
    expect([problem.status, problem.code]).toEqual([400, "malformed_body"]);
  });
});
