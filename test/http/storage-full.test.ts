import { createExecutionContext } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { app } from "#app.ts";
import { Ledger } from "#audit/ledger/ledger.ts";
import { EVENT, postEvents } from "../audit/audit-client.ts";
import { problemOf } from "../harness/answers.ts";
import { makeSample } from "../harness/calls.ts";
import { ADMIN_TOKEN, call, workerEnv } from "../harness/deployment.ts";
import { makeOrg } from "../harness/orgs.ts";
import { watchedD1 } from "../harness/watched-d1.ts";

const FULL = "database or disk is full: SQLITE_FULL";

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
    body: JSON.stringify(body),
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
  ])("is 503 with Retry-After, and logged: %s %s", async (method, path, body) => {
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const org = await makeOrg();
    const answer = await sendToFull(method, `/v1/orgs/${org}${path}`, body);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "60"]);
    expect(logged).toHaveBeenCalled();
    expect((await call("GET", `/v1/orgs/${org}/metrics`)).status).toBe(200);
  });

  it("of a ledger is 503 too, and what was not acknowledged is not there", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const org = await makeOrg();
    vi.spyOn(Ledger.prototype, "append").mockRejectedValue(new Error(FULL) as never);
    const { status, code } = await problemOf(postEvents(org, [EVENT]));
    expect([status, code]).toEqual([503, "unavailable"]);
  });
});
