import { createExecutionContext } from "cloudflare:test";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { app } from "#app.ts";
import { encodeTraces } from "#formats/otlp/encode-traces.ts";
import { problemOf } from "../../harness/answers.ts";
import { ADMIN_TOKEN, call, workerEnv } from "../../harness/deployment.ts";
import { createToken, makeOrg } from "../../harness/orgs.ts";
import { faultyD1 } from "../../harness/watched-d1.ts";
import {
  callSpan,
  countedCalls,
  gzip,
  JSON_TYPE,
  PROTOBUF,
  resourceSpans,
  sendBody,
} from "./otlp.ts";

interface RpcStatus {
  code: number;
  message: string;
}

/** google.rpc.Status: code = 1 (int32), message = 2 (string). */
async function statusOf(response: Response): Promise<RpcStatus> {
  const type = response.headers.get("content-type");
  if (type === JSON_TYPE) return response.json();
  expect(type).toBe(PROTOBUF);
  const reader = new BinaryReader(new Uint8Array(await response.arrayBuffer()));
  const status = { code: 0, message: "" };
  while (reader.pos < reader.len) {
    const [field] = reader.tag();
    if (field === 1) status.code = reader.int32();
    else status.message = reader.string();
  }
  return status;
}

const valid = encodeTraces([resourceSpans([callSpan()])], "protobuf");
const ENCODINGS = [[PROTOBUF], [JSON_TYPE]] as const;

describe.each(ENCODINGS)("errors to a request in %s", (type) => {
  const headers = { "content-type": type };

  async function refusal(org: string, body: Uint8Array, extra: Record<string, string> = {}) {
    const response = await sendBody(org, body, { ...headers, ...extra });
    expect(response.headers.get("x-request-id")).toBeTruthy();
    return [response.status, (await statusOf(response)).code, response.headers.get("retry-after")];
  }

  it("are Statuses: who may not, and what is not there", async () => {
    const org = await makeOrg();
    const { token } = await createToken(org, ["telemetry:read"]);
    const stranger = await createToken(await makeOrg(), ["telemetry:write"]);
    const as = (bearer: string) => ({ authorization: `Bearer ${bearer}` });
    expect(await refusal(org, valid, as("nobody-at-all"))).toEqual([401, 16, null]);
    expect(await refusal(org, valid, as(token))).toEqual([403, 7, null]);
    expect(await refusal(org, valid, as(stranger.token))).toEqual([404, 5, null]);
    expect(await refusal("no-such-org", valid)).toEqual([404, 5, null]);
  });

  it("are Statuses: what cannot be read, and is never to be sent again", async () => {
    const org = await makeOrg();
    const garbage = new TextEncoder().encode("garbage, neither the one nor the other");
    expect(await refusal(org, garbage)).toEqual([400, 3, null]);
    expect(await refusal(org, garbage, { "content-encoding": "gzip" })).toEqual([400, 3, null]);
    const cut = (await gzip(valid)).slice(0, -9);
    expect(await refusal(org, cut, { "content-encoding": "gzip" })).toEqual([400, 3, null]);
    const brotli = { "content-encoding": "br" };
    expect(await refusal(org, valid, brotli)).toEqual([415, 12, null]);
    const response = await sendBody(org, valid, { ...headers, ...brotli });
    expect(response.headers.get("accept-encoding")).toBe("gzip, zstd");
    expect(await countedCalls(org)).toBe(0);
  });

  it("are Statuses: what is too large, sent so or unpacked", async () => {
    const org = await makeOrg();
    const large = new Uint8Array(4 * 1024 * 1024 + 1);
    expect(await refusal(org, large)).toEqual([413, 8, null]);
    const bomb = await gzip(new Uint8Array(64 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(100_000);
    expect(await refusal(org, bomb, { "content-encoding": "gzip" })).toEqual([413, 8, null]);
  });

  it("are Statuses: more than 10,000 spans, which their sender may split", async () => {
    const org = await makeOrg();
    const spansOf = (count: number) =>
      new TextEncoder().encode(
        JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: Array(count).fill({}) }] }] }),
      );
    const json = { "content-type": "application/json" };
    const path = `/v1/orgs/${org}/otlp/v1/traces`;
    const sent = (count: number) => call("POST", path, { body: spansOf(count), headers: json });
    expect((await sent(10_001)).status).toBe(413);
    expect((await sent(10_000)).status).toBe(200);
  });

  it("tell when to come back, where coming back helps", async () => {
    const org = await makeOrg({ limits: { requests_per_minute: 1 } });
    const { token } = await createToken(org, ["telemetry:write"]);
    const authorization = `Bearer ${token}`;
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => sendBody(org, valid, { ...headers, authorization })),
    );
    const limited = answers.find(({ status }) => status === 429);
    expect(limited?.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    expect((await statusOf(limited!)).code).toBe(8);
  });
});

describe.each(ENCODINGS)("a database that is lost to a request in %s", (type) => {
  async function sendTo(shard: D1Database, org: string, body: Uint8Array): Promise<Response> {
    const headers = { "content-type": type, authorization: `Bearer ${ADMIN_TOKEN}` };
    const url = `https://mcpg.test/v1/orgs/${org}/otlp/v1/traces`;
    const request = new Request(url, { method: "POST", headers, body: body as BodyInit });
    return app.fetch(request, { ...workerEnv, SHARD_0: shard }, createExecutionContext());
  }

  function newBody(): Uint8Array {
    const encoding = type === JSON_TYPE ? "json" : "protobuf";
    return encodeTraces([resourceSpans([callSpan()])], encoding);
  }

  it("before it writes is a 503, after which sending again counts the call", async () => {
    const [org, body] = [await makeOrg(), newBody()];
    const response = await sendTo(
      faultyD1(workerEnv.SHARD_0, () => "before"),
      org,
      body,
    );
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await statusOf(response)).code).toBe(14);
    expect((await sendTo(workerEnv.SHARD_0, org, body)).status).toBe(200);
    expect(await countedCalls(org)).toBe(1);
  });

  it("after it wrote costs nothing: the call is found there", async () => {
    const [org, body] = [await makeOrg(), newBody()];
    const faulty = faultyD1(workerEnv.SHARD_0, (batch) => (batch === 0 ? "after" : null));
    expect((await sendTo(faulty, org, body)).status).toBe(200);
    expect((await sendTo(workerEnv.SHARD_0, org, body)).status).toBe(200);
    expect(await countedCalls(org)).toBe(1);
  });
});

describe("a request in another type", () => {
  it.each([
    "text/plain",
    "application/xml",
    "application/grpc",
    "application/protobuf",
    "application/json; charset=utf-16",
    "application/x-protobuf-but-not",
  ])("%s is refused with a problem", async (type) => {
    const response = await sendBody(await makeOrg(), valid, { "content-type": type });
    expect(response.status).toBe(415);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect((await problemOf(response)).code).toBe("unsupported_media_type");
  });

  it("learns that first which it may: without a token it is a 401", async () => {
    const response = await sendBody(await makeOrg(), valid, {
      "content-type": "text/plain",
      authorization: "Bearer nobody-at-all",
    });
    expect(response.status).toBe(401);
    expect((await problemOf(response)).code).toBe("unauthenticated");
  });

  it("is no other method: GET is not there", async () => {
    const response = await call("GET", "/v1/orgs/x/otlp/v1/traces", { token: null });
    expect(response.status).toBe(404);
  });

  it("may have parameters, and capitals", async () => {
    const org = await makeOrg();
    for (const type of ["Application/X-Protobuf", "application/x-protobuf; charset=utf-8"]) {
      expect((await sendBody(org, valid, { "content-type": type })).status).toBe(200);
    }
  });
});
