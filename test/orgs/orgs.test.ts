import { describe, expect, it } from "vitest";
import { auditEntries } from "../audit/audit-client.ts";
import { problemOf } from "../harness/answers.ts";
import { ADMIN_TOKEN, call, workerEnv } from "../harness/deployment.ts";
import { createToken, makeOrg, newOrgName } from "../harness/orgs.ts";

interface OrgBody {
  org: string;
  tier: string;
  state: string;
  entitlements: { payload_capture: boolean };
  limits: Record<string, number>;
  retention: Record<string, number>;
  created_at: string;
}

async function getOrg(org: string): Promise<OrgBody> {
  const response = await call("GET", `/v1/orgs/${org}`);
  expect(response.status).toBe(200);
  return response.json();
}

/** What operators did, oldest first, as the org's ledger has it. */
async function actionsOf(org: string) {
  const entries = await auditEntries(org, "?action_prefix=operator.");
  return entries.reverse().map(({ event }) => event);
}

describe("POST /v1/orgs", () => {
  it("answers 201 with the org, its tier's retention and the default limits", async () => {
    const org = newOrgName();
    const response = await call("POST", "/v1/orgs", {
      body: { org, tier: "team", entitlements: { payload_capture: true } },
    });
    expect(response.status).toBe(201);
    expect(response.headers.get("location")).toBe(`/v1/orgs/${org}`);
    const created = await response.json<OrgBody>();
    expect(created).toMatchObject({
      org,
      tier: "team",
      state: "active",
      entitlements: { payload_capture: true },
      limits: {
        series_max: 10_000,
        series_label_bytes_max: 2_097_152,
        requests_per_minute: 20_000,
        bytes_per_minute: 1_073_741_824,
      },
      retention: {
        samples_hours: 336,
        rollups_hourly_days: 365,
        rollups_daily_days: 1825,
        audit_days: 180,
      },
    });
    expect(created.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(await getOrg(org)).toEqual(created);
  });

  it("tells the shard about the org before anything can be written for it", async () => {
    const org = await makeOrg();
    const row = await workerEnv.SHARD_0.prepare("SELECT generation, state FROM orgs WHERE org = ?1")
      .bind(org)
      .first();
    expect(row).toEqual({ generation: 1, state: "active" });
  });

  it("gives one name to exactly one of many concurrent calls, and records it once", async () => {
    const org = newOrgName();
    const body = { org, tier: "pro" };
    const responses = await Promise.all(
      Array.from({ length: 12 }, () => call("POST", "/v1/orgs", { body })),
    );
    const statuses = responses.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array(11).fill(409)]);
    expect(await actionsOf(org)).toHaveLength(1);
  });

  it("refuses the name of a deleted org with 409", async () => {
    const org = await makeOrg();
    expect((await call("DELETE", `/v1/orgs/${org}`)).status).toBe(202);
    const response = await call("POST", "/v1/orgs", { body: { org, tier: "pro" } });
    expect(response.status).toBe(409);
    expect(await problemOf(response)).toMatchObject({ code: "org_exists", status: 409 });
  });

  it("refuses the name `default`, which exists before anyone has looked for it", async () => {
    const response = await call("POST", "/v1/orgs", { body: { org: "default", tier: "pro" } });
    expect(response.status).toBe(409);
    expect(await getOrg("default")).toMatchObject({ tier: "enterprise", state: "active" });
  });

  it("is the administrator's: 401 without a token, 403 for an org's admin", async () => {
    const body = { org: newOrgName(), tier: "pro" };
    expect((await call("POST", "/v1/orgs", { body, token: null })).status).toBe(401);
    const { token } = await createToken(await makeOrg(), ["org:admin"]);
    const response = await call("POST", "/v1/orgs", { body, token });
    expect(response.status).toBe(403);
    expect(await problemOf(response)).toMatchObject({ code: "administrator_only" });
  });

  it("asks who is calling before it reads what they say", async () => {
    const response = await call("POST", "/v1/orgs", { body: "{", token: "wrong-token" });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
  });
});

describe("PATCH /v1/orgs/{org}", () => {
  it("changes what is given, keeps the rest, and takes null for the default", async () => {
    const org = await makeOrg({ tier: "pro" });
    const patch = (body: unknown) => call("PATCH", `/v1/orgs/${org}`, { body });
    const first = await patch({
      limits: { series_max: 500, requests_per_minute: 60 },
      retention: { samples_hours: 30 },
    });
    expect(await first.json()).toMatchObject({
      limits: { series_max: 500, requests_per_minute: 60 },
      retention: { samples_hours: 30, audit_days: 90 },
    });
    const second = await patch({ limits: { series_max: null } });
    expect(await second.json()).toMatchObject({
      limits: { series_max: 10_000, requests_per_minute: 60 },
      retention: { samples_hours: 30 },
    });
    const third = await patch({
      tier: "community",
      limits: { series_label_bytes_max: 4_096, requests_per_minute: null, bytes_per_minute: 2e6 },
    });
    const limits = { series_label_bytes_max: 4_096, requests_per_minute: 1_200 };
    expect(await third.json()).toMatchObject({ limits: { ...limits, bytes_per_minute: 2e6 } });
    expect(await getOrg(org)).toMatchObject({ limits: { series_max: 10_000 } });
  });

  it("lets an org's admin shorten its retention, up to the tier's and no further", async () => {
    const org = await makeOrg({ tier: "pro" });
    const { token } = await createToken(org, ["org:admin"]);
    const patch = (samples_hours: number | null) =>
      call("PATCH", `/v1/orgs/${org}`, { token, body: { retention: { samples_hours } } });
    expect((await patch(48)).status).toBe(200);
    expect((await patch(null)).status).toBe(200);
    const beyond = await patch(169);
    expect(beyond.status).toBe(400);
    expect(await problemOf(beyond)).toMatchObject({
      errors: [{ pointer: "/retention/samples_hours" }],
    });
  });

  it("never lets sample retention fall under 26 h, not even by the administrator", async () => {
    const org = await makeOrg();
    const body = { retention: { samples_hours: 25 } };
    expect((await call("PATCH", `/v1/orgs/${org}`, { body })).status).toBe(400);
  });

  it.each([
    { tier: "enterprise" },
    { entitlements: { payload_capture: true } },
    { limits: { series_max: 20_000 } },
    { limits: { requests_per_minute: null } },
    { retention: { audit_days: 91 } },
    { retention: { audit_days: null } },
  ])("keeps %j from an org's own admin with 403", async (body) => {
    const org = await makeOrg({ tier: "pro" });
    const { token } = await createToken(org, ["org:admin"]);
    const before = await getOrg(org);
    const response = await call("PATCH", `/v1/orgs/${org}`, { token, body });
    expect(response.status).toBe(403);
    expect(await getOrg(org)).toEqual(before);
    expect((await call("PATCH", `/v1/orgs/${org}`, { body })).status).toBe(200);
  });

  it("drops, on a change of tier, the overrides that exceed the new tier", async () => {
    const org = await makeOrg({ tier: "enterprise" });
    const patch = (body: unknown) => call("PATCH", `/v1/orgs/${org}`, { body });
    await patch({ retention: { samples_hours: 700, rollups_hourly_days: 100 } });
    const response = await patch({ tier: "community" });
    expect(await response.json()).toMatchObject({
      tier: "community",
      retention: { samples_hours: 48, rollups_hourly_days: 100, audit_days: 30 },
    });
  });

  it.each([
    ["the tier's", { retention: { audit_days: 89 } }],
    ["the new tier's", { tier: "team", retention: { audit_days: 90 } }],
  ])("refuses audit retention that is shorter than %s", async (_, body) => {
    const org = await makeOrg({ tier: "pro" });
    const problem = await problemOf(call("PATCH", `/v1/orgs/${org}`, { body }));
    expect(problem).toMatchObject({
      status: 400,
      code: "invalid_request",
      errors: [
        { pointer: "/retention/audit_days", message: expect.stringContaining("the tier's") },
      ],
    });
    expect(await getOrg(org)).toMatchObject({ tier: "pro", retention: { audit_days: 90 } });
  });

  it("takes audit retention from the tier's up, and records from how many days to how many", async () => {
    const org = await makeOrg({ tier: "pro" });
    const bodies = [
      { retention: { audit_days: 90 } },
      { retention: { audit_days: 400 } },
      { retention: { samples_hours: 30 } },
      { tier: "community", retention: { audit_days: 60 } },
      { retention: { audit_days: null } },
    ];
    const told: unknown[] = [];
    for (const body of bodies) {
      expect((await call("PATCH", `/v1/orgs/${org}`, { body })).status).toBe(200);
      const { details } = (await actionsOf(org)).at(-1)!;
      told.push([details?.["audit_days.from"], details?.["audit_days.to"]]);
    }
    const none = [undefined, undefined];
    expect(told).toEqual([none, ["90", "400"], none, ["400", "60"], ["60", "30"]]);
    expect((await actionsOf(org))[0]?.details).toEqual({ tier: "pro", audit_days: "90" });
  });

  it("loses none of many concurrent changes that it answered with 200", async () => {
    const org = await makeOrg({ tier: "pro" });
    const fields = ["samples_hours", "rollups_hourly_days", "rollups_daily_days", "audit_days"];
    const responses = await Promise.all(
      fields.map((field) =>
        call("PATCH", `/v1/orgs/${org}`, { body: { retention: { [field]: 100 } } }),
      ),
    );
    const { retention } = await getOrg(org);
    responses.forEach(({ status }, index) => {
      expect([200, 409]).toContain(status);
      if (status === 200) expect(retention[fields[index] as string]).toBe(100);
    });
    const updates = (await actionsOf(org)).filter(({ action }) =>
      String(action).endsWith("updated"),
    );
    expect(updates).toHaveLength(responses.filter(({ status }) => status === 200).length);
  });

  it("records what changed in the change's own transaction, and a patch of nothing not at all", async () => {
    const org = await makeOrg({ tier: "pro" });
    const response = await call("PATCH", `/v1/orgs/${org}`, { body: { tier: "team" } });
    await call("PATCH", `/v1/orgs/${org}`, { body: { tier: "team" } });
    await call("PATCH", `/v1/orgs/${org}`, { body: {} });
    const actions = await actionsOf(org);
    expect(actions.map(({ action }) => action)).toEqual([
      "operator.org.created",
      "operator.org.updated",
    ]);
    expect(actions[1]).toMatchObject({
      actor: "operator:admin",
      target: `org://${org}`,
      request_id: response.headers.get("x-request-id"),
      details: { "tier.from": "pro", "tier.to": "team" },
    });
  });
});

describe("DELETE /v1/orgs/{org}", () => {
  it("answers 202, and from then on the org is not there, for the administrator either", async () => {
    const org = await makeOrg();
    const { token } = await createToken(org, ["org:admin"]);
    const response = await call("DELETE", `/v1/orgs/${org}`);
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ org, state: "deleting" });
    expect((await call("GET", `/v1/orgs/${org}`)).status).toBe(404);
    expect((await call("DELETE", `/v1/orgs/${org}`)).status).toBe(404);
    expect([401, 404]).toContain((await call("GET", `/v1/orgs/${org}`, { token })).status);
  });

  it("stops the shard's writes and revokes the tokens", async () => {
    const org = await makeOrg();
    const { id } = await createToken(org, ["telemetry:write"]);
    await call("DELETE", `/v1/orgs/${org}`);
    const shard = await workerEnv.SHARD_0.prepare("SELECT state FROM orgs WHERE org = ?1")
      .bind(org)
      .first("state");
    const revoked = await workerEnv.DIRECTORY.prepare(
      "SELECT revoked_at_ms FROM service_tokens WHERE id = ?1",
    )
      .bind(id)
      .first("revoked_at_ms");
    expect([shard, typeof revoked]).toEqual(["deleted", "number"]);
  });

  it("is the administrator's: an org's admin gets 403 and the org stays", async () => {
    const org = await makeOrg();
    const { token } = await createToken(org, ["org:admin"]);
    expect((await call("DELETE", `/v1/orgs/${org}`, { token })).status).toBe(403);
    expect((await getOrg(org)).state).toBe("active");
  });

  it("is done and recorded once, however many ask at once", async () => {
    const org = await makeOrg();
    const responses = await Promise.all(
      Array.from({ length: 6 }, () => call("DELETE", `/v1/orgs/${org}`)),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([202, 404, 404, 404, 404, 404]);
    const actions = await actionsOf(org);
    expect(actions.map(({ action }) => action)).toEqual([
      "operator.org.created",
      "operator.org.deleted",
    ]);
  });
});

it("keeps the administrator's token out of every answer", async () => {
  const org = await makeOrg();
  const response = await call("GET", `/v1/orgs/${org}`);
  expect(await response.text()).not.toContain(ADMIN_TOKEN);
});
