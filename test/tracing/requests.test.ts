import { describe, expect, it, vi } from "vitest";
import { SPAN_KIND, STATUS_CODE } from "#formats/otlp/trace-model.ts";
import { withSpan } from "#tracing/active-span.ts";
import { ADMIN_TOKEN, workerEnv } from "../harness/deployment.ts";
import { exportedTo, TracedApp } from "./traced-app.ts";

const attributesOf = ({ attributes }: { attributes: ReadonlyMap<string, unknown> }) =>
  Object.fromEntries(attributes);

describe("A request", () => {
  it("is a SERVER span named by its route, with its method, path, status and agent", async () => {
    const traced = new TracedApp();
    traced.app.get("/v1/orgs/:org/things/:id", (c) => c.text("ok"));
    const headers = { "user-agent": "curl/8", "x-request-id": "request-1" };
    await traced.request("https://mcpg.test/v1/orgs/acme/things/7", { headers });
    const span = traced.spanOf(SPAN_KIND.server);
    expect(span.name).toBe("GET /v1/orgs/:org/things/:id");
    expect(attributesOf(span)).toEqual({
      "http.request.method": "GET",
      "http.route": "/v1/orgs/:org/things/:id",
      "url.path": "/v1/orgs/acme/things/7",
      "url.scheme": "https",
      "server.address": "mcpg.test",
      "http.response.status_code": 200,
      "user_agent.original": "curl/8",
      "mcpg.request_id": "request-1",
    });
    expect(span.parentSpanId).toBeNull();
    expect(span.status.code).toBe(STATUS_CODE.unset);
  });

  it("leaves nothing of its query, its token, its cookies or its body in any span", async () => {
    const traced = new TracedApp();
    traced.app.post("/in", async (c) => {
      await c.env.DIRECTORY.prepare("SELECT ?1 AS name FROM orgs WHERE org = 'literal-secret'")
        .bind("bound-secret")
        .all();
      throw new Error("thrown-secret");
    });
    vi.spyOn(console, "error").mockReturnValue();
    await traced.request("https://user:url-secret@mcpg.test/in?token=query-secret", {
      method: "POST",
      body: "body-secret",
      headers: { authorization: "Bearer header-secret", cookie: "a=cookie-secret" },
    });
    expect(traced.spans).toHaveLength(2);
    const text = JSON.stringify(traced.spans.map((span) => [span, [...span.attributes]]));
    expect(text).not.toContain("secret");
    vi.restoreAllMocks();
  });

  it("of an unknown path or method has a name that no caller can choose", async () => {
    const traced = new TracedApp();
    await traced.request("/whatever/1");
    await traced.request("/whatever/2", { method: "PROPFIND" });
    expect(traced.spans.map(({ name }) => name)).toEqual(["GET", "HTTP"]);
    expect(attributesOf(traced.spans[1]!)).toMatchObject({ "http.request.method": "_OTHER" });
    expect(traced.spans[0]?.attributes.has("http.route")).toBe(false);
  });

  it("has failed with a 5xx and not with a 4xx", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const traced = new TracedApp();
    traced.app.get("/fails", () => {
      throw new Error("a reason");
    });
    await traced.request("/fails");
    await traced.request("/missing");
    expect(traced.spans.map(({ status }) => status.code)).toEqual([
      STATUS_CODE.error,
      STATUS_CODE.unset,
    ]);
    expect(traced.spans[0]?.attributes.get("error.type")).toBe("500");
    expect(traced.spans[0]?.status.message).toBe("");
    vi.restoreAllMocks();
  });
});

describe("The children of a request", () => {
  it("are its calls to D1: which statement on which database, in its trace", async () => {
    const traced = new TracedApp();
    traced.app.get("/", async (c) => {
      const { DIRECTORY: db } = c.env;
      await db
        .prepare("SELECT * FROM orgs o JOIN tokens t ON t.org = o.org WHERE 1 = 0")
        .raw()
        .catch(() => undefined);
      await db.prepare("SELECT org FROM orgs WHERE org = ?1").bind("x").first();
      await db.batch([
        db.prepare("DELETE FROM orgs WHERE org = ?1").bind("none"),
        db.prepare("DELETE FROM orgs WHERE org = ?1").bind("nobody"),
      ]);
      return c.text("ok");
    });
    await traced.request("/");
    const root = traced.spanOf(SPAN_KIND.server);
    const [failed, first, batch] = traced.spans.filter(({ kind }) => kind === SPAN_KIND.client);
    for (const span of [failed, first, batch]) {
      expect(span?.traceId).toBe(root.traceId);
      expect(span?.parentSpanId).toBe(root.spanId);
      expect(span?.attributes.get("db.system.name")).toBe("cloudflare-d1");
      expect(span?.attributes.get("db.namespace")).toBe("DIRECTORY");
    }
    expect(failed?.name).toBe("SELECT orgs tokens");
    expect(failed?.attributes.get("error.type")).toBe("Error");
    expect(first?.name).toBe("SELECT orgs");
    expect(attributesOf(batch!)).toMatchObject({
      "db.operation.name": "BATCH DELETE",
      "db.operation.batch.size": 2,
    });
  });

  it("are its calls to ledgers, by their method", async () => {
    const traced = new TracedApp();
    traced.app.get("/", async (c) => {
      const ledger = c.env.LEDGER.getByName("traced/1") as unknown as {
        status(): Promise<unknown>;
      };
      return c.json((await ledger.status()) as object);
    });
    const response = await traced.request("/");
    expect(response.status).toBe(200);
    const span = traced.spanOf(SPAN_KIND.client);
    expect(span.name).toBe("Ledger/status");
    expect(attributesOf(span)).toEqual({
      "rpc.system.name": "workers-rpc",
      "rpc.method": "Ledger/status",
    });
  });

  it("nest as their code does, and two requests at once never mix", async () => {
    const traced = new TracedApp();
    const step = (name: string) => () => ({
      name,
      kind: SPAN_KIND.internal,
      attributes: new Map(),
    });
    traced.app.get("/:id", async (c) => {
      await withSpan(step(`outer ${c.req.param("id")}`), async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        await withSpan(step(`inner ${c.req.param("id")}`), async () => undefined);
      });
      return c.text("ok");
    });
    await Promise.all(["a", "b", "c"].map((id) => traced.request(`/${id}`)));
    const named = (name: string) => traced.spans.find((span) => span.name === name);
    for (const id of ["a", "b", "c"]) {
      expect(named(`inner ${id}`)?.parentSpanId).toBe(named(`outer ${id}`)?.spanId);
      expect(named(`inner ${id}`)?.traceId).toBe(named(`outer ${id}`)?.traceId);
    }
    expect(new Set(traced.spans.map(({ traceId }) => traceId)).size).toBe(3);
  });

  it("are 255 at most, and how many were left out is said", async () => {
    const traced = new TracedApp();
    const step = () => ({ name: "step", kind: SPAN_KIND.internal, attributes: new Map() });
    traced.app.get("/", async (c) => {
      for (let index = 0; index < 300; index++) await withSpan(step, async () => undefined);
      return c.text("ok");
    });
    await traced.request("/");
    expect(traced.spans).toHaveLength(256);
    expect(traced.spanOf(SPAN_KIND.server).attributes.get("mcpg.spans_left_out")).toBe(45);
  });
});

describe("Tracing", () => {
  it("never delays an answer: the collector is spoken to afterwards", async () => {
    const traced = new TracedApp();
    traced.app.get("/", (c) => c.text("ok"));
    const { response, after } = await traced.answered("/");
    expect(await response.text()).toBe("ok");
    expect(traced.collector.requests).toHaveLength(0);
    await after;
    expect(traced.collector.requests).toHaveLength(1);
  });

  it("never fails an answer: settings that cannot be read cost the spans, which are counted", async () => {
    const traced = new TracedApp({ traces: () => Promise.reject(new Error("D1 is down")) });
    traced.app.get("/", (c) => c.text("ok"));
    expect((await traced.request("/")).status).toBe(200);
    expect(traced.exporter.counts.dropped.unroutable).toBe(1);
  });

  it("of a stream that is disabled exports nothing and keeps nothing", async () => {
    const traced = new TracedApp({ traces: { ...exportedTo(1), enabled: false } });
    traced.app.get("/", (c) => {
      c.set("isAuthenticated", true);
      c.set("org", { org: "acme" } as never);
      return c.text("ok");
    });
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await traced.request("/", { headers: { traceparent } });
    expect(traced.spans).toHaveLength(0);
    expect(traced.kept).toHaveLength(0);
  });

  it("does not trace what brings our own spans back: its span would bring the next, for ever", async () => {
    const traced = new TracedApp();
    traced.app.post("/", (c) => c.text("ok"));
    const headers = { "user-agent": "OTel-OTLP-Exporter-MCPG/0.1.0" };
    expect((await traced.request("/", { method: "POST", headers })).status).toBe(200);
    expect(traced.spans).toHaveLength(0);
  });

  it.each([401, 403, 404, 429] as const)(
    "keeps nothing of what was refused with %s",
    async (status) => {
      const traced = new TracedApp();
      traced.app.get("/", (c) => {
        c.set("isAuthenticated", true);
        c.set("org", { org: "acme" } as never);
        return c.text("no", status);
      });
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      await traced.request("/", { headers: { traceparent } });
      expect(traced.kept).toHaveLength(0);
      expect(traced.spans).toHaveLength(1);
    },
  );

  it("parses settings once an env, however many requests it serves", async () => {
    const traced = new TracedApp();
    const seen = new Set<unknown>();
    traced.app.get("/", (c) => {
      seen.add(c.env);
      return c.text(c.env.MCPG_ADMIN_TOKEN === ADMIN_TOKEN ? "ok" : "no");
    });
    for (let index = 0; index < 3; index++) await traced.request("/");
    expect(seen.size).toBe(1);
    expect(seen.has(workerEnv)).toBe(false);
  });
});
