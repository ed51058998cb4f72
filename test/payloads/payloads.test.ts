import { blake3 } from "@noble/hashes/blake3.js";
import { describe, expect, it } from "vitest";
import { encodeHex } from "#formats/hex.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import { recordPayloads } from "#payloads/record-payloads.ts";
import { problemOf, requireStatus } from "../harness/answers.ts";
import { ingest, makeSample, postCalls } from "../harness/calls.ts";
import { call, workerEnv } from "../harness/deployment.ts";
import { createToken, makeOrg } from "../harness/orgs.ts";
import { refuseOrg } from "../harness/shard-org.ts";
import { hasPayload, keptCall, payloadOrg, report, view, viewed } from "./payload-kit.ts";

const db = workerEnv.SHARD_0;

async function rowsOf(org: string): Promise<{ id: string; pieces: string }[]> {
  const select = "SELECT id, pieces FROM tool_invocation_payloads WHERE org = ?1";
  return (await db.prepare(select).bind(org).all<{ id: string; pieces: string }>()).results;
}

describe("Payloads that are reported", () => {
  it("are viewed as they were sent, each call's its own", async () => {
    const of = await payloadOrg();
    const values = [
      { request_payload: { a: [1, null, "ü🙂\u0000"] }, response_payload: "plain text" },
      { request_payload: 0, response_payload: false },
      { request_payload: null, response_payload: { deep: { er: [] } } },
      { request_payload: "only a request" },
    ];
    const samples = values.map((value) => makeSample(value));
    expect(await report(of.org, samples)).toMatchObject({ accepted: 4, duplicates: 0 });
    for (const [at, value] of values.entries()) {
      const { request, response, cut } = await viewed(of, samples[at]!["id"] as string);
      const { request_payload = null, response_payload = null } = value as Record<string, unknown>;
      expect([request, response]).toEqual([request_payload, response_payload]);
      expect(cut).toEqual({ request: null, response: null });
    }
  });

  it("show as has_payload where one is kept, and nowhere else", async () => {
    const { org } = await payloadOrg();
    const kept = await keptCall(org);
    const bare = makeSample({ request_payload: null, response_payload: null });
    await report(org, [bare]);
    expect(await hasPayload(org, kept)).toBe(true);
    expect(await hasPayload(org, bare["id"] as string)).toBe(false);
  });

  it("are discarded and counted for an org that is not entitled to them; its samples are kept", async () => {
    const org = await makeOrg();
    const samples = [
      makeSample({ request_payload: { secret: "s" }, response_payload: "r" }),
      makeSample({ response_payload: "r" }),
      makeSample(),
    ];
    expect(await report(org, samples)).toEqual({
      accepted: 3,
      duplicates: 0,
      rejected: [],
      payloads_discarded: 3,
    });
    expect(await rowsOf(org)).toEqual([]);
    expect(await hasPayload(org, samples[0]!["id"] as string)).toBe(false);
  });

  it("are told of in no answer where all of them are kept, or none was sent", async () => {
    const { org } = await payloadOrg();
    const none = { accepted: 1, duplicates: 0, rejected: [] };
    expect(await ingest(org, [makeSample()])).toEqual(none);
    expect(await ingest(org, [makeSample({ request_payload: {} })])).toEqual(none);
  });

  it("are kept however deeply they are nested, and shown so", async () => {
    const of = await payloadOrg();
    const nested = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    const sample = makeSample({ request_payload: 1 });
    const text = JSON.stringify({ instance_id: "gw-1", invocations: [sample] }).replace(
      '"request_payload":1',
      `"request_payload":${nested}`,
    );
    const path = `/v1/orgs/${of.org}/invocations`;
    const answer = await requireStatus(200, call("POST", path, { body: text }));
    expect(await answer.json()).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    const shown = await (await view(of, sample["id"] as string)).text();
    // 400,000 bytes are more than the cap: a text, of its beginning.
    expect(shown.startsWith(`{"request":"${nested.slice(0, 200_000)}]]]`)).toBe(true);
  });

  it("are refused with their samples where the shard has no room for the org", async () => {
    const of = await payloadOrg();
    const org = (await findOrg(workerEnv.DIRECTORY, of.org))!;
    await refuseOrg(of.org, Date.now());
    const sample = makeSample({ request_payload: "x" });
    expect((await postCalls(of.org, [sample])).status).toBe(503);
    const id = sample["id"] as string;
    const payload = { id, workspace: "w", plugin: "p", tool: "t", request: 1, response: null };
    expect((await recordPayloads(workerEnv, org, [payload])).kept).toBe(0);
    expect(await rowsOf(of.org)).toEqual([]);
    await refuseOrg(of.org, null);
    expect((await report(of.org, [sample])).accepted).toBe(1);
    expect(await rowsOf(of.org)).toHaveLength(1);
  });

  it("of the first report stay, however often and however differently it is sent again", async () => {
    const of = await payloadOrg();
    const sample = makeSample({ request_payload: "first" });
    await report(of.org, [sample]);
    const copies = Array.from({ length: 5 }, (_, n) => ({
      ...sample,
      request_payload: `copy ${n}`,
    }));
    await Promise.all(
      copies.map(async (copy) => {
        const other = makeSample({ request_payload: "another" });
        expect(await report(of.org, [copy, other])).toMatchObject({ accepted: 1, duplicates: 1 });
        expect((await viewed(of, other["id"] as string)).request).toBe("another");
      }),
    );
    expect((await viewed(of, sample["id"] as string)).request).toBe("first");
    expect(await rowsOf(of.org)).toHaveLength(6);
  });

  it("are one with their samples: of two reports of one call at once the sample's payload is kept", async () => {
    const of = await payloadOrg();
    const sample = makeSample();
    const bodies = Array.from({ length: 8 }, (_, n) => ({
      ...sample,
      tool: `t${n}`,
      request_payload: n,
    }));
    await Promise.all(bodies.map((body) => report(of.org, [body])));
    const id = sample["id"] as string;
    const stored = await (await call("GET", `/v1/orgs/${of.org}/invocations/${id}`)).json();
    const { request } = await viewed(of, id);
    expect(`t${request}`).toBe((stored as { tool: string }).tool);
    expect(await rowsOf(of.org)).toHaveLength(1);
  });

  it("of one report share a row where they are small and of one time", async () => {
    const of = await payloadOrg();
    const nowMs = Date.now();
    const samples = Array.from({ length: 400 }, (_, n) =>
      makeSample({ started_at: nowMs, request_payload: { n }, response_payload: { n: n + 1_000 } }),
    );
    const old = makeSample({ started_at: nowMs - 3_600_000, request_payload: "old" });
    await report(of.org, [...samples, old]);
    const rows = await rowsOf(of.org);
    expect(rows).toHaveLength(2);
    expect(rows.map(({ pieces }) => Object.keys(JSON.parse(pieces)).length).sort()).toEqual([
      1, 400,
    ]);
    for (const n of [0, 1, 399]) {
      const { request, response } = await viewed(of, samples[n]!["id"] as string);
      expect([request, response]).toEqual([{ n }, { n: n + 1_000 }]);
    }
    expect((await viewed(of, old["id"] as string)).request).toBe("old");
  });

  it("of 256 KiB are kept whole, and larger ones to there with true size and hash", async () => {
    const of = await payloadOrg();
    const most = "a".repeat(262_142);
    const large = "🙂".repeat(200_000);
    const sample = makeSample({ request_payload: most, response_payload: large });
    expect(await report(of.org, [sample])).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    const { request, response, cut } = await viewed(of, sample["id"] as string);
    expect(request).toBe(most);
    const whole = JSON.stringify(large);
    const bytes = new TextEncoder().encode(whole);
    expect(whole.startsWith(response as string)).toBe(true);
    expect(new TextEncoder().encode(response as string).length).toBeGreaterThan(262_140);
    const blake = encodeHex(blake3(bytes));
    expect(cut).toEqual({ request: null, response: { bytes: bytes.length, blake3: blake } });
  });

  it("lie in the database sealed: neither their words nor their lengths are there", async () => {
    const of = await payloadOrg();
    await keptCall(of.org, { request_payload: "MARKED-SECRET", response_payload: "x" });
    const select = "SELECT hex(sealed) AS hex FROM tool_invocation_payloads WHERE org = ?1";
    const { results } = await db.prepare(select).bind(of.org).all<{ hex: string }>();
    const mark = encodeHex(new TextEncoder().encode("MARKED-SECRET")).toUpperCase();
    expect(results.map(({ hex }) => [hex.includes(mark), hex.length / 2])).toEqual([[false, 578]]);
  });
});

function tooDeep(): never {
  throw new RangeError("Maximum call stack size exceeded");
}

describe("recordPayloads", () => {
  it("keeps what comes before its sample, and after it, once", async () => {
    const of = await payloadOrg();
    const org = (await findOrg(workerEnv.DIRECTORY, of.org))!;
    const [before, after] = [makeSample(), makeSample()];
    const payloadOf = (sample: Record<string, unknown>, request: unknown) => ({
      ...{ id: sample["id"] as string, workspace: "prod", plugin: "github", tool: "t" },
      ...{ request, response: null },
    });
    const first = await recordPayloads(workerEnv, org, [payloadOf(before, "b")]);
    expect(first).toEqual({ kept: 1, discarded: 0 });
    expect((await view(of, before["id"] as string)).status).toBe(404);
    await report(of.org, [before, after]);
    const second = [payloadOf(before, "again"), payloadOf(after, "a")];
    expect(await recordPayloads(workerEnv, org, second)).toEqual({ kept: 1, discarded: 0 });
    for (const [sample, request] of [
      [before, "b"],
      [after, "a"],
    ] as const) {
      expect(await hasPayload(of.org, sample["id"] as string)).toBe(true);
      expect((await viewed(of, sample["id"] as string)).request).toBe(request);
    }
  });

  it("keeps nothing of an org that is not entitled, or gone, nor of what cannot be written, and counts it", async () => {
    const plain = (await findOrg(workerEnv.DIRECTORY, await makeOrg()))!;
    const id = makeSample()["id"] as string;
    const payload = { id, workspace: "w", plugin: "p", tool: "t", request: 1, response: 2 };
    expect(await recordPayloads(workerEnv, plain, [payload])).toEqual({ kept: 0, discarded: 2 });
    const { org } = await payloadOrg();
    const entitled = (await findOrg(workerEnv.DIRECTORY, org))!;
    await recordPayloads(workerEnv, entitled, [{ ...payload, id: makeSample()["id"] as string }]);
    const unwritable = {
      ...payload,
      id: makeSample()["id"] as string,
      request: { toJSON: tooDeep },
    };
    const partly = await recordPayloads(workerEnv, entitled, [unwritable]);
    expect(partly).toEqual({ kept: 1, discarded: 1 });
    const stale = { ...entitled, generation: entitled.generation };
    await call("DELETE", `/v1/orgs/${org}`);
    expect((await recordPayloads(workerEnv, stale, [payload])).kept).toBe(0);
  });
});

describe("Who may view a payload", () => {
  it("is a token of the org with payloads:read, and never the administrator", async () => {
    const of = await payloadOrg();
    const id = await keptCall(of.org);
    const path = `/v1/orgs/${of.org}/invocations/${id}/payload?reason=x`;
    expect(await problemOf(call("GET", path))).toMatchObject({
      status: 403,
      code: "insufficient_scope",
    });
    const { token: admin } = await createToken(of.org, ["org:admin", "telemetry:read"]);
    expect((await call("GET", path, { token: admin })).status).toBe(403);
    const stranger = await payloadOrg();
    expect((await call("GET", path, { token: stranger.reader })).status).toBe(404);
    const swapped = `/v1/orgs/${stranger.org}/invocations/${id}/payload?reason=x`;
    expect((await call("GET", swapped, { token: stranger.reader })).status).toBe(404);
  });

  it("gives a reason of 1 to 1,024 printable characters, once", async () => {
    const { org, reader } = await payloadOrg();
    const id = await keptCall(org);
    for (const query of [
      "",
      "?reason=",
      `?reason=${"x".repeat(1_025)}`,
      "?reason=a%00b",
      "?reason=a&reason=b",
    ]) {
      const path = `/v1/orgs/${org}/invocations/${id}/payload${query}`;
      expect([query, (await call("GET", path, { token: reader })).status]).toEqual([query, 400]);
    }
  });

  it("reads it in an answer that nobody keeps, and while the org is entitled to it", async () => {
    const of = await payloadOrg();
    const id = await keptCall(of.org);
    const answer = await view(of, id);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    await answer.body?.cancel();
    await call("PATCH", `/v1/orgs/${of.org}`, {
      body: { entitlements: { payload_capture: false } },
    });
    expect(await problemOf(view(of, id))).toMatchObject({ status: 403, code: "not_entitled" });
  });

  it("reads 60 a minute", async () => {
    const of = await payloadOrg();
    const statuses = new Map<number, number>();
    for (let n = 0; n < 62; n += 1) {
      const { status, headers } = await view(of, makeSample()["id"] as string);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 429) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    }
    expect(statuses.get(404)).toBeGreaterThanOrEqual(60);
    expect(statuses.get(429)).toBeGreaterThanOrEqual(1);
  });
});
