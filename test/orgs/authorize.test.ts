import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SCOPES } from "#orgs/principal.ts";
import { problemOf } from "../harness/answers.ts";
import { ADMIN_TOKEN, call, METRICS_TOKEN, workerEnv } from "../harness/deployment.ts";
import { createToken, makeOrg, newOrgName } from "../harness/orgs.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** Everything a client can see of an answer but the id of its request. */
async function visible(response: Response) {
  const requestId = response.headers.get("x-request-id") as string;
  const headers = [...response.headers].filter(([name]) => name !== "x-request-id");
  const body = (await response.text()).replace(requestId, "");
  return { status: response.status, headers, body };
}

const ORG_ROUTES = [
  ["GET", ""],
  ["PATCH", ""],
  ["DELETE", ""],
  ["GET", "/service-tokens"],
  ["POST", "/service-tokens"],
  ["DELETE", "/service-tokens/0000000000000000"],
] as const;

describe("A stranger", () => {
  it.each(ORG_ROUTES)(
    "cannot tell another's org from a missing one: %s %s",
    async (method, rest) => {
      const theirs = await makeOrg();
      const { token } = await createToken(await makeOrg(), [...SCOPES]);
      const body = method === "GET" || method === "DELETE" ? {} : { body: "not json" };
      const ask = (org: string) =>
        call(method, `/v1/orgs/${org}${rest}`, { token, ...body }).then(visible);
      const [existing, missing, impossible] = await Promise.all([
        ask(theirs),
        ask(newOrgName()),
        ask("NOT%20A%20NAME"),
      ]);
      expect(existing.status).toBe(404);
      expect(existing).toEqual(missing);
      expect(existing).toEqual(impossible);
      expect(existing.body).not.toContain(theirs);
    },
  );

  it("gets the bytes that the administrator gets for a missing org", async () => {
    const theirs = await makeOrg();
    const { token } = await createToken(await makeOrg(), ["org:admin"]);
    const stranger = await visible(await call("GET", `/v1/orgs/${theirs}`, { token }));
    const missing = await visible(await call("GET", `/v1/orgs/${newOrgName()}`));
    expect(stranger).toEqual(missing);
  });

  it("cannot revoke another org's token, and cannot tell that it exists", async () => {
    const theirs = await makeOrg();
    const { id, token: victim } = await createToken(theirs, ["org:admin"]);
    const org = await makeOrg();
    const { token } = await createToken(org, ["org:admin"]);
    const revoke = (path: string) => call("DELETE", path, { token }).then(visible);
    const foreign = await revoke(`/v1/orgs/${org}/service-tokens/${id}`);
    expect(foreign).toEqual(await revoke(`/v1/orgs/${org}/service-tokens/0000000000000000`));
    expect(foreign.status).toBe(404);
    expect((await call("GET", `/v1/orgs/${theirs}`, { token: victim })).status).toBe(200);
  });
});

describe("A token of the org", () => {
  it("without the scope is told which one is missing", async () => {
    const org = await makeOrg();
    const others = SCOPES.filter((scope) => scope !== "org:admin");
    const { token } = await createToken(org, others);
    const response = await call("GET", `/v1/orgs/${org}`, { token });
    expect(response.status).toBe(403);
    expect(await problemOf(response)).toMatchObject({
      code: "insufficient_scope",
      detail: "The token lacks the scope org:admin.",
    });
  });

  it("is refused at once where it was revoked", async () => {
    const org = await makeOrg();
    const { id, token } = await createToken(org, ["org:admin"]);
    expect((await call("GET", `/v1/orgs/${org}`, { token })).status).toBe(200);
    await call("DELETE", `/v1/orgs/${org}/service-tokens/${id}`);
    expect((await call("GET", `/v1/orgs/${org}`, { token })).status).toBe(401);
  });

  it("revoked elsewhere is refused within 60 s", async () => {
    const org = await makeOrg();
    const { id, token } = await createToken(org, ["org:admin"]);
    expect((await call("GET", `/v1/orgs/${org}`, { token })).status).toBe(200);
    await workerEnv.DIRECTORY.prepare("UPDATE service_tokens SET revoked_at_ms = 1 WHERE id = ?1")
      .bind(id)
      .run();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31_000 });
    expect((await call("GET", `/v1/orgs/${org}`, { token })).status).toBe(401);
  });

  it("expires at its time, though it was looked up before", async () => {
    const org = await makeOrg();
    const expires_at = Date.now() + 5_000;
    const { token } = await createToken(org, ["org:admin"], { expires_at });
    expect((await call("GET", `/v1/orgs/${org}`, { token })).status).toBe(200);
    vi.useFakeTimers({ toFake: ["Date"], now: expires_at });
    expect((await call("GET", `/v1/orgs/${org}`, { token })).status).toBe(401);
  });

  it("is shed with 429 and Retry-After above its rate; others and the administrator are not", async () => {
    const org = await makeOrg();
    const { token } = await createToken(org, ["org:admin"]);
    await call("PATCH", `/v1/orgs/${org}`, { body: { limits: { requests_per_minute: 2 } } });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const statuses = [];
    for (let i = 0; i < 3; i++) {
      statuses.push((await call("GET", `/v1/orgs/${org}`, { token })).status);
    }
    expect(statuses).toEqual([200, 200, 429]);
    const shed = await call("GET", `/v1/orgs/${org}`, { token });
    expect(shed.headers.get("retry-after")).toBe("30");
    expect(await problemOf(shed)).toMatchObject({ code: "too_many_requests", status: 429 });
    expect((await call("GET", `/v1/orgs/${org}`)).status).toBe(200);
    const { token: other } = await createToken(org, ["org:admin"]);
    expect((await call("GET", `/v1/orgs/${org}`, { token: other })).status).toBe(200);
    vi.setSystemTime(Date.now() + 30_000);
    expect((await call("GET", `/v1/orgs/${org}`, { token })).status).toBe(200);
  });

  it("is shed once the bytes of its bodies are spent, decompressed ones, until they are earned", async () => {
    const org = await makeOrg();
    const { token } = await createToken(org, ["telemetry:write"]);
    await call("PATCH", `/v1/orgs/${org}`, { body: { limits: { bytes_per_minute: 1_048_576 } } });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const packed = gzipSync(`{"instance_id":"a","invocations":[]}${" ".repeat(3_145_728)}`);
    const headers = { "content-encoding": "gzip" };
    const report = (sent: object) =>
      call("POST", `/v1/orgs/${org}/invocations`, { token, ...sent });
    expect(packed.length).toBeLessThan(10_000);
    expect((await report({ body: packed, headers })).status).toBe(200);
    const shed = await report({ body: { instance_id: "a", invocations: [] } });
    expect([shed.status, shed.headers.get("retry-after")]).toEqual([429, "121"]);
    vi.setSystemTime(Date.now() + 121_000);
    expect((await report({ body: { instance_id: "a", invocations: [] } })).status).toBe(200);
  });
});

describe("401", () => {
  const org = () => makeOrg();
  const forged = `mcpgst_${"0".repeat(16)}_${"0".repeat(52)}_${"0".repeat(7)}`;

  it.each([
    ["no header", {}],
    ["an empty header", { authorization: "" }],
    ["no token", { authorization: "Bearer" }],
    ["another scheme", { authorization: `Basic ${btoa(`:${ADMIN_TOKEN}`)}` }],
    ["two tokens", { authorization: `Bearer ${ADMIN_TOKEN} ${ADMIN_TOKEN}` }],
    ["a prefix of the administrator's", { authorization: `Bearer ${ADMIN_TOKEN.slice(0, -1)}` }],
    ["the administrator's and more", { authorization: `Bearer ${ADMIN_TOKEN}x` }],
    ["a token of ours with a wrong checksum", { authorization: `Bearer ${forged}` }],
    ["a very long one", { authorization: `Bearer ${"a".repeat(4_000)}` }],
  ] as [string, Record<string, string>][])("answers %s", async (_name, headers) => {
    const response = await call("GET", `/v1/orgs/${await org()}`, { token: null, headers });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await problemOf(response)).toMatchObject({ code: "unauthenticated", status: 401 });
  });

  it("answers a token whose secret is another's, checksum and all", async () => {
    const name = await org();
    const [a, b] = await Promise.all([
      createToken(name, ["org:admin"]),
      createToken(name, ["org:admin"]),
    ]);
    const mixed = a.token.replace(a.id, b.id);
    expect((await call("GET", `/v1/orgs/${name}`, { token: mixed })).status).toBe(401);
  });

  it("takes the scheme in any case (RFC 9110 §11.1)", async () => {
    const headers = { authorization: `bearer ${ADMIN_TOKEN}` };
    const response = await call("GET", `/v1/orgs/${await org()}`, { token: null, headers });
    expect(response.status).toBe(200);
  });
});

describe("The metrics token", () => {
  it("administers nothing, on any org", async () => {
    const org = await makeOrg();
    expect((await call("GET", `/v1/orgs/${org}`, { token: METRICS_TOKEN })).status).toBe(403);
    expect((await call("GET", `/v1/orgs/${newOrgName()}`, { token: METRICS_TOKEN })).status).toBe(
      404,
    );
    const body = { org: newOrgName(), tier: "pro" };
    expect((await call("POST", "/v1/orgs", { token: METRICS_TOKEN, body })).status).toBe(403);
  });
});
