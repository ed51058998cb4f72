import { describe, expect, it } from "vitest";
import "#capabilities.ts";
import type { Span } from "#formats/otlp/trace-model.ts";
import type { Org } from "#orgs/org.ts";
import { eraseOnce } from "#orgs/store/erase.ts";
import { deleteShardOrg } from "#orgs/store/shard-orgs.ts";
import { recordTraces } from "#otlp/record-traces.ts";
import { noteUnmapped, UNMAPPED_KEPT_MS } from "#otlp/store/unmapped-rows.ts";
import { getJson } from "../../harness/answers.ts";
import { BilledRows } from "../../harness/billed-rows.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { countRows } from "../../harness/shard-org.ts";
import { callSpan, INTERNAL, resourceSpans } from "../http/otlp.ts";
import { chain, counted, db, newOrg, send, settle, span } from "../one-call-kit.ts";

interface Shape {
  instrumentation: string;
  kind: string;
  attributes: string[];
  spans: number;
  first_seen_at: string;
  last_seen_at: string;
}
interface Status {
  unmapped_spans: { shapes: Shape[]; other: { spans: number } | null };
}

const unmappedOf = async ({ org }: Org) =>
  (await getJson<Status>(`/v1/orgs/${org}/observability/status`)).unmapped_spans;

const STEP = {
  "gen_ai.operation.name": "execute_tool",
  "gen_ai.tool.name": "search",
  "acme.secret": "a secret",
};

function step(attributes: Record<string, string> = STEP, under?: Span): Span {
  return callSpan({
    ...{ kind: INTERNAL, name: "execute_tool search", attributes },
    ...(under !== undefined && { traceId: under.traceId, parentSpanId: under.spanId }),
  });
}

/** Another for each number below 676, without a digit. */
function letters(index: number): string {
  return String.fromCharCode(97 + Math.floor(index / 26), 97 + (index % 26));
}

describe("spans that look like tool calls and are taken for none", () => {
  it("are told by shape, with names of attributes and no value", async () => {
    const org = await newOrg();
    expect(await unmappedOf(org)).toEqual({ shapes: [], other: null });
    await send(org, [step(), step({ ...STEP, "error.type": "timeout" }), span()]);
    await send(org, [step()]);
    const seen = expect.stringMatching(/^\d{4}-.*Z$/);
    const status = await unmappedOf(org);
    expect(status).toEqual({
      shapes: [
        {
          ...{ instrumentation: "test", kind: "internal", spans: 3 },
          attributes: ["gen_ai.operation.name", "gen_ai.tool.name", "acme.secret"],
          ...{ first_seen_at: seen, last_seen_at: seen },
        },
      ],
      other: null,
    });
    expect(JSON.stringify(status)).not.toMatch(/a secret|search/);
  });

  it("are taken once the org maps their tool's attribute", async () => {
    const org = await newOrg({
      span_mapping: { tool: ["gen_ai.tool.name"], caller_wait_seconds: 0 },
    });
    await send(org, [step()]);
    await settle(org);
    expect(await counted(org)).toEqual(["github search ok"]);
    expect((await unmappedOf(org)).shapes).toEqual([]);
  });

  it("are not those above and below a call of their request, nor the other way of their ids", async () => {
    const org = await newOrg();
    const above = step();
    const [client, server] = chain({ side: "client", under: above }, "server") as [Span, Span];
    const below = step(STEP, server);
    await send(org, [above, client, server, below, step(STEP, below)]);
    const ring = [step(), step()] as [Span, Span];
    const round = [
      { ...ring[0], parentSpanId: ring[1].spanId },
      { ...ring[1], traceId: ring[0].traceId, parentSpanId: ring[0].spanId },
    ];
    await send(org, [span(), ...round]);
    expect((await unmappedOf(org)).shapes).toEqual([expect.objectContaining({ spans: 2 })]);
  });

  it("are ten shapes an org, all others one; races count each span once", async () => {
    const org = await newOrg();
    const of = (index: number) => step({ [`acme_${letters(index)}.tool.name`]: "x" });
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => send(org, [of(2 * n), of(2 * n + 1), step()])),
    );
    const { shapes, other } = await unmappedOf(org);
    expect(shapes).toHaveLength(10);
    const sum = shapes.reduce((spans, shape) => spans + shape.spans, other?.spans ?? 0);
    expect(sum).toBe(24);
    await send(
      org,
      Array.from({ length: 30 }, (_, n) => of(100 + n)),
    );
    expect((await unmappedOf(org)).other?.spans).toBe((other?.spans ?? 0) + 30);
    expect(await countRows(org.org, "unmapped_spans")).toBe(11);
  });

  it("show no more than 24 names of 64 characters, and none that may be a value", async () => {
    const org = await newOrg();
    const names = Array.from({ length: 40 }, (_, n) => [`n${letters(n)}`, "x"]);
    const odd = { "alice@acme.com": "x", ["x".repeat(65)]: "x", "tool.alice smith": "x" };
    await send(org, [step({ ...Object.fromEntries(names), ...odd, "tool.id": "x" })]);
    const [shape] = (await unmappedOf(org)).shapes;
    expect(shape?.attributes).toHaveLength(24);
    expect(shape?.attributes[0]).toBe("tool.id");
    expect(JSON.stringify(shape)).not.toMatch(/alice|x{65}/);
  });

  it("show no name that may be a secret, and are one shape where only a number tells names apart", async () => {
    const org = await newOrg();
    const secrets = { "tool.arg.sk-live-51HxKEY": "x", "api_key/ghp_KEY": "x" };
    const spans = [1, 2, 33].map((n) =>
      step({ [`tool.k${n}`]: "x", "tool.name": "x", ...secrets }),
    );
    const scope = { name: "lib-ghp_KEY0123456789", version: "1" };
    const traces = [{ ...resourceSpans([]), scopeSpans: [{ scope, spans }] }];
    await recordTraces(workerEnv, org, traces, Date.now());
    const { shapes } = await unmappedOf(org);
    expect(shapes).toMatchObject([
      { instrumentation: "…", attributes: ["tool.k#", "tool.name", "…"], spans: 3 },
    ]);
    expect(JSON.stringify(shapes)).not.toContain("KEY");
  });

  it("cost a row a request and shape, and nothing where there are none", async () => {
    const org = await newOrg();
    const billed = new BilledRows();
    const env = { ...workerEnv, SHARD_0: billed.counting(db) };
    const written = async (...spans: Span[]) => {
      await recordTraces(env, org, [resourceSpans(spans)], Date.now());
      return billed.take().rowsWritten;
    };
    await written(span());
    const alone = await written(span());
    expect(
      await written(span(), callSpan({ name: "GET", attributes: { "http.route": "/" } })),
    ).toBe(alone + 1);
    const steps = Array.from({ length: 100 }, () => step());
    expect(await written(span(), ...steps)).toBeLessThanOrEqual(alone + 3);
    expect(await written(span(), step(), step({ "tool.id": "x" }))).toBeLessThanOrEqual(alone + 4);
  });

  it("leave a week after they were last seen, and with their org", async () => {
    const org = await newOrg();
    const shape = { name: "a", example: null, spans: 1 };
    const before = noteUnmapped(db, org, Date.now() - UNMAPPED_KEPT_MS - 1, [shape]);
    await db.batch(before);
    expect(await countRows(org.org, "unmapped_spans")).toBe(1);
    await send(org, [step()]);
    expect(await countRows(org.org, "unmapped_spans")).toBe(1);
    await deleteShardOrg(db, org.org);
    while (!(await eraseOnce(db, org.org)));
    expect(await countRows(org.org, "unmapped_spans")).toBe(0);
    await db.batch(noteUnmapped(db, org, Date.now(), [shape]));
    expect(await countRows(org.org, "unmapped_spans")).toBe(0);
  });

  it("are another org's to see never", async () => {
    const org = await newOrg();
    await send(org, [step()]);
    expect((await unmappedOf(await newOrg())).shapes).toEqual([]);
    const other = await newOrg();
    expect((await call("GET", `/v1/orgs/${other.org}/observability/status`)).status).toBe(200);
  });
});
