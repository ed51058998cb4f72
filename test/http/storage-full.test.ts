import { createExecutionContext } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { app } from "#app.ts";
import { Ledger } from "#audit/ledger/ledger.ts";
import { encodeTraces } from "#formats/otlp/encode-traces.ts";
import { appendEvents, EVENT, postEvents } from "../audit/audit-client.ts";
import { problemOf } from "../harness/answers.ts";
import { ingest, makeSample } from "../harness/calls.ts";
import { ADMIN_TOKEN, call, workerEnv } from "../harness/deployment.ts";
import { createToken, makeOrg, newOrgName } from "../harness/orgs.ts";
import { watchedD1 } from "../harness/watched-d1.ts";
import { callSpan, otherSpan, resourceSpans } from "../otlp/http/otlp.ts";

const FULL = "database or disk is full: SQLITE_FULL";

const TRACES = JSON.parse(
  new TextDecoder().decode(encodeTraces([resourceSpans([otherSpan(callSpan())])], "json")),
);

/** The disk of both databases is full, so that nothing is written any more. */
const full = (db: D1Database) =>
  watchedD1(db, (sql, send) =>
    /^\s*(INSERT|UPDATE)/m.test(sql) ? Promise.reject(new Error(`D1_ERROR: ${FULL}`)) : send(),
  );

function sendToFull(method: string, path: string, body: unknown): Promise<Response> {
  const env = {
    ...workerEnv,
    DIRECTORY: full(workerEnv.DIRECTORY),
    SHARD_0: full(workerEnv.SHARD_0),
  };
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
  const request = new Request(`https://mcpg.test${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return Promise.resolve(app.fetch(request, env, createExecutionContext()));
}

afterEach(() => vi.restoreAllMocks());

describe("A full disk", () => {
  it.each([
    ["POST", "/invocations", { instance_id: "g", invocations: [makeSample()] }],
    ["POST", "/service-tokens", { name: "x", scopes: ["telemetry:read"] }],
    ["PATCH", "", { publishes_audit_log: true }],
    ["PUT", "/observability", { audit: { enabled: true } }],
    ["POST", "/otlp/v1/traces", TRACES],
    ["POST", "/audit/checkpoint", undefined],
    ["POST", "/audit/keys/rotate", undefined],
    ["DELETE", "", undefined],
    // Reads count first what arrived.
    ["GET", "/metrics", undefined, "5"],
    ["GET", "/rollups?granularity=hour", undefined],
  ])("is 503 with Retry-After, and logged: %s %s", async (method, path, body, seconds = "60") => {
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const org = await makeOrg();
    await ingest(org, [makeSample()]);
    await appendEvents(org, [EVENT]);
    const answer = await sendToFull(method, `/v1/orgs/${org}${path}`, body);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, seconds]);
    expect(logged).toHaveBeenCalled();
    expect((await call("GET", `/v1/orgs/${org}/metrics`)).status).toBe(200);
  });

  it("refuses a new org, and a token's revocation, by 503 too", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const org = await makeOrg();
    const { id } = await createToken(org, ["telemetry:read"]);
    const body = { org: newOrgName(), tier: "pro" };
    expect((await sendToFull("POST", "/v1/orgs", body)).status).toBe(503);
    const path = `/v1/orgs/${org}/service-tokens/${id}`;
    expect((await sendToFull("DELETE", path, undefined)).status).toBe(503);
  });

  it.each([
    ["POST", "/audit/holds", { reason: "case 1" }],
    ["GET", "/audit/export", undefined],
    ["POST", "/audit/keys/rotate", undefined],
    ["POST", "/audit/checkpoint", undefined],
  ])("of a ledger is 503 wherever it is written to: %s %s", async (method, path, body) => {
    vi.spyOn(console, "error").mockReturnValue();
    const org = await makeOrg();
    await appendEvents(org, [EVENT]);
    const full = () => Promise.reject(new Error(FULL)) as never;
    for (const name of ["append", "placeHold", "beginExport", "publish"] as const) {
      vi.spyOn(Ledger.prototype, name).mockImplementation(full);
    }
    const answer = await call(method, `/v1/orgs/${org}${path}`, { ...(body && { body }) });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "60"]);
  });

  it("of a ledger is 503 too, and what was not acknowledged is not there", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const org = await makeOrg();
    vi.spyOn(Ledger.prototype, "append").mockRejectedValue(new Error(FULL) as never);
    const { status, code } = await problemOf(postEvents(org, [EVENT]));
    expect([status, code]).toEqual([503, "unavailable"]);
  });
});
