import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Ledger } from "#audit/ledger/ledger.ts";
import type { Env } from "#platform/env.ts";
import { forgetStreams, streamsOf } from "#streams/streams-of.ts";
import { auditEntries, EVENT, postEvents } from "../audit/audit-client.ts";
import { receiver } from "../delivery/receiver.ts";
import { problemOf, refusal, requireStatus } from "../harness/answers.ts";
import { ADMIN_TOKEN, type CallOptions, call, workerEnv } from "../harness/deployment.ts";
import { createToken, makeOrg } from "../harness/orgs.ts";

// Endpoints of these tests are names that anyone might own: nothing is to leave the machine.
beforeEach(() => {
  receiver();
});
afterEach(() => vi.restoreAllMocks());

const SECRET = "Bearer s3cr3t-s3cr3t";
const OTLP = { endpoint: "https://otel.example.com:4318", headers: { authorization: SECRET } };
const ON = { enabled: true };
const DEFAULTS = { metrics: ON, traces: ON, audit: ON };

const path = (org: string) => `/v1/orgs/${org}/observability`;

function put(org: string, body: unknown, options: CallOptions = {}): Promise<Response> {
  return call("PUT", path(org), { body, ...options });
}

function putYaml(org: string, body: string, type = "application/yaml"): Promise<Response> {
  return put(org, body, { headers: { "content-type": type } });
}

async function putOk(org: string, body: unknown): Promise<Record<string, unknown>> {
  return (await requireStatus(200, put(org, body))).json();
}

async function getStreams(org: string): Promise<Record<string, unknown>> {
  return (await requireStatus(200, call("GET", path(org)))).json();
}

/** Pointers of what is wrong, and the messages. */
async function errorsOf(answer: Promise<Response>): Promise<[string, string][]> {
  const { status, code, errors = [] } = await problemOf(answer);
  expect([status, code]).toEqual([400, "invalid_request"]);
  return errors.map(({ pointer, message }) => [pointer, message]);
}

describe("GET and PUT /observability", () => {
  it("has all three streams on, going nowhere, until someone says otherwise", async () => {
    expect(await getStreams(await makeOrg())).toEqual(DEFAULTS);
  });

  it("replaces all, answers what is in force, and never a header's value", async () => {
    const org = await makeOrg();
    const traces = { enabled: true, otlp: { ...OTLP, sample_rate: 0.1 } };
    const hidden = { ...OTLP, headers: { authorization: null }, sample_rate: 0.1 };
    const first = await putOk(org, { metrics: { enabled: false }, traces });
    const expected = {
      metrics: { enabled: false },
      traces: { enabled: true, otlp: hidden },
      audit: { enabled: true },
    };
    expect(first).toEqual(expected);
    expect(await getStreams(org)).toEqual(expected);
    expect(await putOk(org, {})).toEqual(DEFAULTS);
  });

  it("keeps a stored header where its value is null, under any case of its name", async () => {
    const org = await makeOrg();
    await putOk(org, { metrics: { otlp: OTLP } });
    await putOk(org, { metrics: { otlp: { ...OTLP, headers: { Authorization: null } } } });
    const { metrics } = await streamsOf(workerEnv, org);
    expect(metrics.otlp?.headers).toEqual({ authorization: SECRET });
    const other = { authorization: null, "x-scope-orgid": "acme" };
    await putOk(org, { metrics: { otlp: { endpoint: `${OTLP.endpoint}/base/`, headers: other } } });
    expect((await streamsOf(workerEnv, org)).metrics.otlp).toEqual({
      endpoint: `${OTLP.endpoint}/base/`,
      headers: { authorization: SECRET, "x-scope-orgid": "acme" },
    });
  });

  it("takes its own answer back, changed in one place", async () => {
    const org = await makeOrg();
    await putOk(org, { traces: { otlp: OTLP }, audit: { forward: OTLP } });
    const answer = await getStreams(org);
    await putOk(org, { ...answer, metrics: { enabled: false, otlp: null } });
    const streams = await streamsOf(workerEnv, org);
    expect(streams.metrics.enabled).toBe(false);
    expect(streams.traces.otlp?.headers).toEqual({ authorization: SECRET });
    expect(streams.audit.forward?.headers).toEqual({ authorization: SECRET });
  });

  it("gives a kept header to no other host: who may reroute a stream may not read its secret", async () => {
    const org = await makeOrg();
    await putOk(org, { metrics: { otlp: OTLP } });
    const headers = { authorization: null };
    for (const body of [
      { metrics: { otlp: { endpoint: "https://evil.example.net", headers } } },
      { traces: { otlp: { endpoint: OTLP.endpoint, headers } } },
      { metrics: { otlp: { endpoint: OTLP.endpoint, headers: { constructor: null } } } },
    ]) {
      const [[pointer, message] = []] = await errorsOf(put(org, body));
      expect(pointer).toMatch(/\/headers\/(authorization|constructor)$/);
      expect(message).toMatch(/kept for the same scheme|there is none/);
    }
    expect((await streamsOf(workerEnv, org)).metrics.otlp).toEqual(OTLP);
  });

  it("stores, logs and records no header value and no endpoint's path", async () => {
    const org = await makeOrg();
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const forward = { endpoint: "https://hooks.example.com/T0/s3cr3t-path", headers: OTLP.headers };
    await putOk(org, { audit: { forward } });
    await put(org, { audit: { forward: { ...forward, headers: { "x y": SECRET } } } });
    const stored = `SELECT settings FROM observability WHERE org = ?1`;
    const settings = await workerEnv.DIRECTORY.prepare(stored).bind(org).first<string>("settings");
    expect(settings).not.toContain("s3cr3t-s3cr3t");
    expect(JSON.stringify(await auditEntries(org))).not.toContain("s3cr3t");
    expect(JSON.stringify(logged.mock.calls)).not.toContain("s3cr3t");
  });

  it("records what was enabled, disabled and rerouted in the org's ledger, and nothing where nothing changed", async () => {
    const org = await makeOrg();
    const kept = { ...OTLP, headers: { authorization: null }, sample_rate: 0.5 };
    await putOk(org, { metrics: { enabled: false }, traces: { otlp: { ...kept, ...OTLP } } });
    await putOk(org, { metrics: { enabled: false }, traces: { otlp: kept } });
    const [entry, ...earlier] = await auditEntries(org);
    expect(earlier).toHaveLength(1);
    expect(entry?.event).toMatchObject({
      action: "operator.streams.updated",
      actor: "operator:admin",
      target: `observability://${org}`,
    });
    expect(entry?.event.details).toEqual({
      "metrics.enabled.from": true,
      "metrics.enabled.to": false,
      "traces.receiver.from": null,
      "traces.receiver.to": "https://otel.example.com:4318",
      "traces.sample_rate.from": null,
      "traces.sample_rate.to": "0.5",
      "traces.rerouted": true,
      "traces.headers_changed": true,
    });
  });

  it("lets one of concurrent changes win, and tells the others", async () => {
    const org = await makeOrg();
    const bodies = Array.from({ length: 8 }, (_, at) => ({
      traces: { otlp: { endpoint: `https://otel-${at}.example.com` } },
    }));
    const answers = await Promise.all(bodies.map((body) => put(org, body)));
    const statuses = answers.map(({ status }) => status);
    const won = statuses.filter((status) => status === 200).length;
    expect(won).toBeGreaterThanOrEqual(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(8 - won);
    const updates = await auditEntries(org, "?action=operator.streams.updated");
    expect(updates).toHaveLength(won);
  });

  it("is the org's administrators' alone", async () => {
    const [org, other] = [await makeOrg(), await makeOrg()];
    const { token } = await createToken(org, ["audit:read", "metrics:read", "telemetry:read"]);
    expect(await refusal(call("GET", path(org), { token }))).toEqual([403, "insufficient_scope"]);
    expect(await refusal(put(org, {}, { token }))).toEqual([403, "insufficient_scope"]);
    const admin = await createToken(org, ["org:admin"]);
    expect((await call("GET", path(org), { token: admin.token })).status).toBe(200);
    expect(await refusal(put(other, {}, { token: admin.token }))).toEqual([404, "not_found"]);
    expect(ADMIN_TOKEN).not.toBe(admin.token);
  });

  it("ends with its org: receivers' credentials are deleted at once", async () => {
    const org = await makeOrg();
    await putOk(org, { metrics: { otlp: OTLP } });
    await call("DELETE", `/v1/orgs/${org}`);
    const left = "SELECT count(*) AS n FROM observability WHERE org = ?1";
    expect(await workerEnv.DIRECTORY.prepare(left).bind(org).first("n")).toBe(0);
  });
});

describe("PUT /observability refuses", () => {
  const metrics = (otlp: unknown) => ({ metrics: { otlp } });
  const headers = (values: unknown) => metrics({ endpoint: OTLP.endpoint, headers: values });

  it.each([
    [{ metric: {} }, "/metric"],
    [{ metrics: { enabled: "yes" } }, "/metrics/enabled"],
    [{ traces: { otlp: { ...OTLP, sample_rate: 1.01 } } }, "/traces/otlp/sample_rate"],
    [{ traces: { otlp: { ...OTLP, sample_rate: -0.1 } } }, "/traces/otlp/sample_rate"],
    [metrics({ headers: {} }), "/metrics/otlp/endpoint"],
    [metrics({ ...OTLP, sample_rate: 1 }), "/metrics/otlp/sample_rate"],
    [{ audit: { otlp: OTLP } }, "/audit/otlp"],
    [{ audit: { forward: { endpoint: "http://otel.example.com" } } }, "/audit/forward/endpoint"],
    [headers({ authorization: 7 }), "/metrics/otlp/headers/authorization"],
    [headers({ "x\r\ny": "z" }), "/metrics/otlp/headers/x\r\ny"],
    [headers({ "a/b~": "z" }), "/metrics/otlp/headers/a~1b~0"],
    [headers({ authorization: "a\r\nhost: b" }), "/metrics/otlp/headers/authorization"],
    [headers({ authorization: "" }), "/metrics/otlp/headers/authorization"],
    [headers({ authorization: "ü" }), "/metrics/otlp/headers/authorization"],
    [headers({ authorization: "x".repeat(4_097) }), "/metrics/otlp/headers/authorization"],
    [headers({ "X-A": "1", "x-a": "2" }), "/metrics/otlp/headers/x-a"],
    [
      `{"metrics":{"otlp":{"endpoint":"${OTLP.endpoint}","headers":{"__proto__":"a"}}}}`,
      "/metrics/otlp/headers/__proto__",
    ],
    [headers({ Host: "a" }), "/metrics/otlp/headers/Host"],
    [headers({ "Transfer-Encoding": "a" }), "/metrics/otlp/headers/Transfer-Encoding"],
    [headers({ "content-length": "1" }), "/metrics/otlp/headers/content-length"],
    [headers({ "cf-connecting-ip": "1" }), "/metrics/otlp/headers/cf-connecting-ip"],
    [headers({ authorization: null }), "/metrics/otlp/headers/authorization"],
  ])("what is no setting, pointing at it (%#)", async (body, pointer) => {
    const errors = await errorsOf(put(await makeOrg(), body));
    expect(errors.map(([at]) => at)).toContain(pointer);
    expect(JSON.stringify(errors)).not.toContain(SECRET);
  });

  it("more than 16 headers, and a body over 256 KiB", async () => {
    const org = await makeOrg();
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`x-${at}`, "1"]));
    const [[pointer] = []] = await errorsOf(put(org, headers(many)));
    expect(pointer).toBe("/metrics/otlp/headers");
    const large = headers({ authorization: "x".repeat(262_144) });
    expect(await refusal(put(org, large))).toEqual([413, "body_too_large"]);
  });

  it("port 4317, saying why and naming 4318", async () => {
    const org = await makeOrg();
    for (const endpoint of ["https://otel.example.com:4317", "grpc://otel:4317", "otel:4317/x"]) {
      const [[pointer, message] = []] = await errorsOf(
        put(org, { traces: { otlp: { endpoint } } }),
      );
      expect(pointer).toBe("/traces/otlp/endpoint");
      expect(message).toContain("gRPC");
      expect(message).toContain("4318");
    }
  });

  it("this service itself, on any port, whose streams would never end", async () => {
    const org = await makeOrg();
    for (const host of ["mcpg.test", "mcpg.test:8443", "MCPG.test:2053"]) {
      const endpoint = `https://${host}/v1/orgs/${org}/otlp`;
      const [[, message] = []] = await errorsOf(put(org, { traces: { otlp: { endpoint } } }));
      expect(message).toBe("must not be this service itself");
    }
  });

  it("loopback, unless the deployment is a developer's machine", async () => {
    const otlp = { endpoint: "http://127.0.0.1:4318", headers: {} };
    const [[pointer] = []] = await errorsOf(put(await makeOrg(), { metrics: { otlp } }));
    expect(pointer).toBe("/metrics/otlp/endpoint");
  });
});

const GUIDE = `observability:
  otlp:
    endpoint: https://otel-collector.example.com:4318
    headers:
      authorization: "Bearer \${OTEL_TOKEN}"
    sample_rate: 0.1     # 10% of requests
`;

describe("The guide's YAML", () => {
  it.each(["application/yaml", "application/x-yaml; charset=utf-8", "text/yaml"])(
    "says as %s where traces go, its header value a literal",
    async (type) => {
      const org = await makeOrg();
      const { status } = await putYaml(org, GUIDE, type);
      expect(status).toBe(200);
      const { traces, metrics } = await streamsOf(workerEnv, org);
      expect(traces.otlp).toEqual({
        endpoint: "https://otel-collector.example.com:4318",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the guide says
        headers: { authorization: "Bearer ${OTEL_TOKEN}" },
        sampleRate: 0.1,
      });
      expect(metrics).toEqual({ enabled: true, otlp: null });
    },
  );

  it("is refused as it stands in the guide, for its port 4317", async () => {
    const answer = putYaml(await makeOrg(), GUIDE.replace("4318", "4317"));
    const [[pointer, message] = []] = await errorsOf(answer);
    expect(pointer).toBe("/observability/otlp/endpoint");
    expect(message).toContain("4318");
  });

  it("takes the streams of GET /observability beside it, or alone", async () => {
    const org = await makeOrg();
    const beside = `${GUIDE}  metrics: { enabled: false }\n  traces: { enabled: false }\n`;
    expect((await putYaml(org, beside)).status).toBe(200);
    const streams = await streamsOf(workerEnv, org);
    expect([streams.metrics.enabled, streams.traces.enabled]).toEqual([false, false]);
    expect(streams.traces.otlp?.sampleRate).toBe(0.1);
    expect((await putYaml(org, "audit:\n  enabled: false\n")).status).toBe(200);
    expect((await streamsOf(workerEnv, org)).audit.enabled).toBe(false);
  });

  it.each([
    ["a: [1", "malformed_body"],
    ["a: 1\na: 2\n", "malformed_body"],
    ["a: &x [1]\nb: *x\n", "malformed_body"],
    ["a: !!js/function x\n", "malformed_body"],
    ["audit:\n  forward: !!set {endpoint}\n", "malformed_body"],
    ["audit: !!timestamp 2001-12-14\n", "malformed_body"],
    ["--- {}\n--- {}\n", "malformed_body"],
    ["", "invalid_request"],
    ["observability:\n  otlp: 7\n", "invalid_request"],
    [
      "observability:\n  otlp:\n    endpoint: https://a.example.com\n  more: 1\n",
      "invalid_request",
    ],
  ])("is refused where it is not one plain document of that form (%#)", async (yaml, code) => {
    const { status, ...refused } = await problemOf(putYaml(await makeOrg(), yaml));
    expect([400, code]).toEqual([status, refused.code]);
  });
});

describe("The audit stream, disabled", () => {
  const tool = { ...EVENT, action: "tool.call.allowed" };
  const plugin = { ...EVENT, action: "plugin.loaded" };
  const other = { ...EVENT, action: "policy.reviewed" };

  it("refuses tool.* and plugin.* entries, pointing at them, and writes nothing of such a report", async () => {
    const org = await makeOrg();
    await putOk(org, { audit: { enabled: false } });
    const refused = await problemOf(await postEvents(org, [other, tool, plugin]));
    expect([refused.status, refused.code]).toEqual([409, "stream_disabled"]);
    expect(refused.errors?.map(({ pointer }) => pointer)).toEqual([
      "/events/1/action",
      "/events/2/action",
    ]);
    expect((await postEvents(org, [other])).status).toBe(201);
    expect((await auditEntries(org)).map(({ event }) => event["action"])).toEqual([
      "policy.reviewed",
      "operator.streams.updated",
      "operator.org.created",
    ]);
    await putOk(org, {});
    expect((await postEvents(org, [tool])).status).toBe(201);
  });

  it("is disabled by an entry that is in the ledger before it takes effect", async () => {
    const org = await makeOrg();
    vi.spyOn(console, "error").mockReturnValue();
    const append = vi.spyOn(Ledger.prototype, "append").mockImplementation(() => {
      throw new Error("out of reach");
    });
    await putOk(org, { audit: { enabled: false } });
    expect((await streamsOf(workerEnv, org)).audit.enabled).toBe(true);
    append.mockRestore();
    // The request's end brings it there, or the cron.
    await call("PATCH", `/v1/orgs/${org}`, { body: { publishes_audit_log: true } });
    forgetStreams(org);
    expect((await streamsOf(workerEnv, org)).audit.enabled).toBe(false);
    const [, disabled] = await auditEntries(org);
    expect(disabled?.event.details).toMatchObject({ "audit.enabled.to": false });
  });
});

describe("What is in force", () => {
  const deployment = {
    traces: { otlp: { ...OTLP, headers: { authorization: "Bearer of-the-deployment" } } },
    metrics: { enabled: false },
  };
  const env = { ...workerEnv, OBSERVABILITY: deployment } as Env;

  it("is the deployment's until the org says otherwise, stream by stream", async () => {
    const org = await makeOrg();
    expect(await streamsOf(env, org)).toEqual({
      metrics: { enabled: false, otlp: null },
      traces: { enabled: true, otlp: { ...deployment.traces.otlp, sampleRate: 1 } },
      audit: { enabled: true, forward: null },
    });
    await putOk(org, { metrics: { otlp: OTLP }, traces: { enabled: false } });
    expect(await streamsOf(env, org)).toEqual({
      metrics: { enabled: true, otlp: OTLP },
      traces: { enabled: false, otlp: { ...deployment.traces.otlp, sampleRate: 1 } },
      audit: { enabled: true, forward: null },
    });
    await putOk(org, { traces: { otlp: null } });
    expect((await streamsOf(env, org)).traces).toEqual({ enabled: true, otlp: null });
  });

  it("is read once, however often it is asked for", async () => {
    const org = await makeOrg();
    const prepare = vi.spyOn(workerEnv.DIRECTORY, "prepare");
    for (let at = 0; at < 100; at++) await streamsOf(workerEnv, org);
    expect(prepare).toHaveBeenCalledTimes(1);
  });

  it("leaves out, rather than uncredentialled, what was sealed for another org, stream, or key", async () => {
    const [org, thief] = [await makeOrg(), await makeOrg()];
    vi.spyOn(console, "error").mockReturnValue();
    await putOk(org, { metrics: { otlp: OTLP } });
    await putOk(thief, { metrics: { otlp: { endpoint: OTLP.endpoint } } });
    const copy = `UPDATE observability SET settings =
      (SELECT settings FROM observability WHERE org = ?1) WHERE org = ?2`;
    await workerEnv.DIRECTORY.prepare(copy).bind(org, thief).run();
    forgetStreams(thief);
    expect((await streamsOf(workerEnv, thief)).metrics).toEqual({ enabled: true, otlp: null });
    const swap = `UPDATE observability SET settings = replace(settings, '"metrics"', '"traces"')
      WHERE org = ?1`;
    await workerEnv.DIRECTORY.prepare(swap).bind(org).run();
    forgetStreams(org);
    expect((await streamsOf(workerEnv, org)).traces.otlp).toBeNull();
  });
});
