import { describe, expect, it } from "vitest";
import { getJson, refusal } from "../../harness/answers.ts";
import { ingest, makeSample, type SampleFields } from "../../harness/calls.ts";
import { call } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";

const CALLS = "outcome=ok,client_error,server_error,policy_denied,quota_exceeded";
const ERRORS = "outcome=client_error,server_error,policy_denied,quota_exceeded";
/** Names that a page or a statement may trip over. */
const NAMES = [
  "<script>alert(1)</script>",
  "'; DROP TABLE orgs; --",
  "\u202egnp.exe",
  "__proto__",
  '%_\\"',
  "\u{1F600}".repeat(64),
  "раураl",
  "a,b&c=d#e",
];

interface Head {
  from: string;
  to: string;
  partial: boolean;
}

async function listed(org: string, { from, to }: Head, query: string): Promise<number> {
  const range = `from=${from}&to=${to}&limit=1000`;
  const path = `/v1/orgs/${org}/invocations?${range}&${query}`;
  return (await getJson<{ invocations: unknown[] }>(path)).invocations.length;
}

/** Of errors without a message those of one code are alike. */
function alikeQuery(fingerprint: string, codes: readonly SampleFields[]): string {
  const code = encodeURIComponent(String(codes[0]?.["value"]));
  return `error_fingerprint=${fingerprint}${fingerprint === "" ? `&error_code=${code}` : ""}`;
}

async function makeCalls(): Promise<string> {
  const org = await makeOrg();
  const nowMs = Date.now();
  const samples = Array.from({ length: 120 }, (_, at): SampleFields => {
    const name = NAMES[at % NAMES.length]!;
    const outcome = ["ok", "server_error", "client_error", "idempotent_replay"][at % 4];
    const error = {
      error_code: name,
      error_message: at % 5 === 1 ? undefined : `boom ${at % 3} "x${at}"`,
    };
    return makeSample({
      started_at: nowMs - 1_000 * at,
      tool: NAMES[(at * 3) % NAMES.length]!,
      actor: at % 5 === 0 ? null : name,
      outcome,
      duration_ms: at,
      ...(outcome?.endsWith("error") ? error : {}),
    });
  });
  await ingest(org, samples.slice(0, 60), { instance_id: NAMES[0] });
  await ingest(org, samples.slice(60), { instance_id: NAMES[1] });
  return org;
}

describe("The list of a figure's calls is as long as the figure", () => {
  it.each(["actor", "instance", "error_code"])("by %s", async (by) => {
    const org = await makeCalls();
    const path = `/v1/orgs/${org}/activity/top?by=${by}&limit=50`;
    const top = await getJson<Head & { total: { calls: number }; rows: SampleFields[] }>(path);
    expect(top.partial).toBe(false);
    expect(top.total.calls).toBe(90);
    expect(top.rows.length).toBeGreaterThan(1);
    for (const { labels, calls, errors } of top.rows) {
      const value = encodeURIComponent((labels as Record<string, string>)[by]!);
      expect(await listed(org, top, `${by}=${value}&${CALLS}`)).toBe(calls);
      expect(await listed(org, top, `${by}=${value}&${ERRORS}`)).toBe(errors);
    }
  });

  it("by error, its codes and its tools", async () => {
    const org = await makeCalls();
    type Group = {
      fingerprint: string;
      calls: number;
      codes: SampleFields[];
      tools: SampleFields[];
    };
    const answer = await getJson<Head & { errors: Group[] }>(`/v1/orgs/${org}/errors`);
    expect(answer.errors.map(({ fingerprint }) => fingerprint)).toContain("");
    const wordless = answer.errors.filter(({ fingerprint }) => fingerprint === "");
    expect(wordless.map(({ codes }) => codes.length)).toEqual(wordless.map(() => 1));
    expect(wordless.length).toBeGreaterThan(1);
    expect(answer.errors.length).toBeGreaterThan(wordless.length);
    for (const { fingerprint, calls, codes, tools } of answer.errors) {
      const group = `${alikeQuery(fingerprint, codes)}&${ERRORS}`;
      expect(await listed(org, answer, group)).toBe(calls);
      for (const { value, calls: count } of codes) {
        const code = encodeURIComponent(String(value));
        const alike = `error_fingerprint=${fingerprint}&${ERRORS}&error_code=${code}`;
        expect(await listed(org, answer, alike)).toBe(count);
      }
      for (const { labels, calls: count } of tools) {
        const tool = new URLSearchParams(labels as Record<string, string>);
        expect(await listed(org, answer, `${group}&${tool}`)).toBe(count);
      }
    }
  });

  it("by what differs in a selection", async () => {
    const org = await makeCalls();
    type Field = {
      field: string;
      values: { value: string; selection: number; difference: number }[];
    };
    const path = `/v1/orgs/${org}/activity/compare?sel_min_duration_ms=80&sel_outcome=server_error`;
    const answer = await getJson<Head & { selection: { calls: number }; fields: Field[] }>(path);
    const selected = "min_duration_ms=80&outcome=server_error";
    expect(answer.selection.calls).toBe(await listed(org, answer, selected));
    expect(answer.fields[0]?.field).toBe("outcome");
    for (const { field, values } of answer.fields.filter(({ field }) => field !== "outcome")) {
      for (const { value, selection } of values) {
        const query = `${selected}&${field}=${encodeURIComponent(value)}`;
        expect(await listed(org, answer, query), `${field} ${value}`).toBe(selection);
      }
    }
  });
});

describe("Figures of samples", () => {
  it("count replays only where they are asked for by name", async () => {
    const org = await makeCalls();
    const path = `/v1/orgs/${org}/activity/top?by=instance&outcome=idempotent_replay`;
    const top = await getJson<{ rows: SampleFields[] }>(path);
    expect(top.rows.map(({ calls, errors, p95_ms }) => [calls, errors, p95_ms])).toEqual([
      [15, 0, null],
      [15, 0, null],
    ]);
  });

  it("tell the most frequent error first, though another is newer", async () => {
    const org = await makeOrg();
    const failed = (agoMs: number, error_message: string) =>
      makeSample({ started_at: Date.now() - agoMs, outcome: "server_error", error_message });
    await ingest(org, [failed(9_000, "often"), failed(8_000, "often"), failed(1_000, "once")]);
    const path = `/v1/orgs/${org}/errors?limit=1`;
    const { errors, total } = await getJson<{ errors: SampleFields[]; total: object }>(path);
    expect(errors.map(({ calls }) => calls)).toEqual([2]);
    expect(total).toEqual({ calls: 3, groups: 2 });
  });

  it("tell first what differs most, be it that the selection has less of it", async () => {
    const org = await makeOrg();
    await ingest(org, [
      makeSample({ tool: "x", actor: "a" }),
      makeSample({ tool: "x", actor: "b" }),
      makeSample({ tool: "y", actor: "c" }),
      makeSample({ tool: "y", actor: "c", workspace: "test" }),
    ]);
    type Field = { field: string; values: { value: string; difference: number }[] };
    const path = `/v1/orgs/${org}/activity/compare?sel_tool=x`;
    const { fields } = await getJson<{ fields: Field[] }>(path);
    const greatest = fields.slice(0, 3).map(({ field, values: [first] }) => [field, first]);
    expect(Object.fromEntries(greatest)).toMatchObject({
      tool: { value: "x", difference: 1 },
      actor: { value: "c", difference: -1 },
      workspace: { difference: 0.5 },
    });
  });

  it("are of the last hour, up to now, unless asked otherwise", async () => {
    const org = await makeOrg();
    await ingest(org, [makeSample({ started_at: Date.now() - 2 * 3_600_000 })]);
    const path = `/v1/orgs/${org}/activity/top?by=actor`;
    const top = await getJson<Head & { total: object }>(path);
    expect(Date.parse(top.to) - Date.parse(top.from)).toBe(3_600_000);
    expect(top).toMatchObject({ source: "samples", total: { calls: 0, errors: 0 }, rows: [] });
    const wide = await getJson(`${path}&from=${Date.now() - 3 * 3_600_000}`);
    expect(wide).toMatchObject({
      total: { calls: 1 },
      rows: [{ labels: { actor: "" }, calls: 1 }],
    });
  });

  it("of times that nothing is of yet are refused, or end a year from now", async () => {
    const org = await makeOrg();
    const last = "9999-12-31T23:59:59.999Z";
    for (const path of [
      "errors?",
      "lag?",
      "activity/top?by=actor&",
      "activity/compare?sel_tool=x&",
    ]) {
      const ask = `/v1/orgs/${org}/${path}`;
      await expect(refusal(call("GET", `${ask}from=${last}`))).resolves.toEqual([
        400,
        "invalid_request",
      ]);
      for (const range of [`to=${last}`, `from=0&to=${last}`, "from=0&to=1"]) {
        const { to } = await getJson<Head>(`${ask}${range}`);
        expect(Date.parse(to)).toBeLessThan(Date.now() + 3 * 366 * 86_400_000);
      }
    }
  });

  it("show one org nothing of another", async () => {
    const [org, other] = [await makeOrg(), await makeCalls()];
    expect(await getJson(`/v1/orgs/${org}/errors`)).toMatchObject({
      total: { calls: 0 },
      errors: [],
    });
    const top = await getJson<{ rows: object[] }>(`/v1/orgs/${other}/activity/top?by=actor`);
    expect(top.rows.length).toBeGreaterThan(0);
  });

  it.each([
    "activity/top",
    "activity/top?by=workspace_",
    "activity/top?by=actor&limit=51",
    "activity/top?by=actor&from=2026-11-28T00:00:00Z&to=2026-11-27T00:00:00Z",
    "activity/compare",
    "activity/compare?sel_outcome=fine",
    "errors?limit=0",
  ])("refuse %s", async (path) => {
    const org = await makeOrg();
    expect(await refusal(call("GET", `/v1/orgs/${org}/${path}`))).toEqual([400, "invalid_request"]);
  });
});
