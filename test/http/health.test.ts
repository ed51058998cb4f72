import { describe, expect, it } from "vitest";
import { app } from "#app.ts";
import { runCron } from "#cron.ts";
import type { Env } from "#platform/env.ts";
import { problemOf } from "../harness/answers.ts";
import { ADMIN_TOKEN, call, workerEnv } from "../harness/deployment.ts";

/** A database that fails at once, or never answers. */
function database(first: () => Promise<unknown>): D1Database {
  return { prepare: () => ({ first }) } as unknown as D1Database;
}

describe("GET /healthz", () => {
  it("answers without a token, whatever the databases do", async () => {
    const response = await call("GET", "/healthz", { token: null });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok" });
  });
});

describe("GET /readyz", () => {
  it("answers 200 when every database does", async () => {
    expect((await call("GET", "/readyz", { token: null })).status).toBe(200);
  });

  it.each(["DIRECTORY", "SHARD_0"])("answers 503 when %s fails", async (binding) => {
    const broken = database(() => Promise.reject(new Error("D1_ERROR: secret detail")));
    const response = await app.request("/readyz", {}, { ...workerEnv, [binding]: broken });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("5");
    expect(await problemOf(response)).toMatchObject({ code: "unavailable" });
  });

  it("asks every shard that is bound", async () => {
    const broken = database(() => Promise.reject(new Error("lost")));
    const response = await app.request("/readyz", {}, { ...workerEnv, SHARD_1: broken });
    expect(response.status).toBe(503);
  });

  it("names a setting that is missing, and never shows one", async () => {
    const env = { ...workerEnv, MCPG_LEDGER_SEED: "not base64 but secret" };
    const response = await app.request("/readyz", {}, env);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "60"]);
    const text = await response.text();
    expect(text).toContain("MCPG_LEDGER_SEED");
    expect(text).not.toContain("secret");
  });

  it("names MCPG_ORIGIN on a deployment that kept the local one, which appends and signs nothing", async () => {
    const { MCPG_LOCAL: _, ...deployed } = workerEnv;
    const ready = await app.request("/readyz", {}, deployed);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      code: "misconfigured",
      detail: expect.stringContaining("MCPG_ORIGIN"),
    });
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
    const body = JSON.stringify({ instance_id: "gw-1", events: [] });
    for (const path of ["/v1/orgs/default/audit", "/v1/orgs/default/audit/checkpoint"]) {
      const response = await app.request(path, { method: "POST", headers, body }, deployed);
      expect([path, response.status, await problemOf(response)]).toEqual([
        path,
        503,
        expect.objectContaining({ code: "misconfigured" }),
      ]);
    }
    await expect(runCron(deployed as Env, Date.now())).rejects.toThrow("misconfigured");
  });
});
