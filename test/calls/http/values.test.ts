import { beforeAll, describe, expect, it } from "vitest";
import { findValues } from "#calls/store/activity-values.ts";
import { getJson, problemOf } from "../../harness/answers.ts";
import { BilledRows } from "../../harness/billed-rows.ts";
import { ingest, makeSample, type SampleFields, scrape } from "../../harness/calls.ts";
import { call, workerEnv } from "../../harness/deployment.ts";
import { makeOrg } from "../../harness/orgs.ts";

interface ValuesBody {
  source: string;
  partial: boolean;
  values: { value: string; calls: number | null }[];
}

let org: string;
let samples: SampleFields[];

const ask = (query: string) => getJson<ValuesBody>(`/v1/orgs/${org}/activity/values?${query}`);
const told = async (query: string) => (await ask(query)).values.map(({ value }) => value);

const ACTORS = ["user:alice", "user:alice", "user:bob", "user:%", null];
const CODES = [null, "timeout", "timeout", "-32602"];

beforeAll(async () => {
  org = await makeOrg();
  const nowMs = Date.now();
  samples = Array.from({ length: 60 }, (_, at) =>
    makeSample({
      started_at: nowMs - at * 1_000,
      workspace: at % 2 === 0 ? "prod" : "dev",
      plugin: ["github", "git_lab", "git%", "slack"][at % 4],
      tool: `tool-${String(at % 30).padStart(2, "0")}`,
      actor: ACTORS[at % 5],
      error_code: CODES[at % 4],
      outcome: at % 4 === 0 ? "idempotent_replay" : "server_error",
    }),
  );
  for (const [at, instance] of ["gw-1", "gw-2", "other"].entries()) {
    await ingest(org, samples.slice(at * 20, at * 20 + 20), { instance_id: instance });
  }
  await ingest(await makeOrg(), [makeSample({ plugin: "foreign", actor: "user:foreign" })]);
  await scrape(org);
});

function plainCounts(field: string, wanted: SampleFields): Record<string, number> {
  const isWanted = (sample: SampleFields) =>
    sample["outcome"] !== "idempotent_replay" &&
    Object.entries(wanted).every(([name, asked]) => sample[name] === asked);
  const values = samples.filter(isWanted).flatMap((sample) => (sample[field] as string) ?? []);
  const grouped = Map.groupBy(values, (value) => value);
  return Object.fromEntries([...grouped].map(([value, { length }]) => [value, length]));
}

describe("GET /activity/values", () => {
  it("lists names by prefix, each once, its characters for themselves", async () => {
    expect(await told("field=workspace")).toEqual(["dev", "prod"]);
    expect(await told("field=plugin")).toEqual(["git%", "git_lab", "github", "slack"]);
    expect(await told("field=plugin&prefix=git")).toEqual(["git%", "git_lab", "github"]);
    expect(await told("field=plugin&prefix=git%25")).toEqual(["git%"]);
    expect(await told("field=plugin&prefix=git_")).toEqual(["git_lab"]);
    expect(await told("field=plugin&prefix=Git")).toEqual([]);
    expect(await told("field=instance")).toEqual(["gw-1", "gw-2", "other"]);
    expect(await told("field=instance&prefix=gw")).toEqual(["gw-1", "gw-2"]);
  });

  it("has 20 values at most, tools of the plugin and workspace that are asked for", async () => {
    expect(await told("field=tool")).toHaveLength(20);
    expect(await told("field=tool&limit=3")).toEqual(["tool-00", "tool-01", "tool-02"]);
    const ofGithub = new Set(
      samples.filter(({ plugin }) => plugin === "github").map(({ tool }) => tool as string),
    );
    expect(await told("field=tool&plugin=github&workspace=prod")).toEqual([...ofGithub].sort());
    expect(await told("field=tool&plugin=github&workspace=dev")).toEqual([]);
    expect(await told("field=plugin&plugin=github&workspace=dev")).toEqual(["git_lab", "slack"]);
  });

  it.each(["actor", "error_code"] as const)(
    "counts samples by %s, but for replays, as a plain count does",
    async (field) => {
      for (const wanted of [{}, { plugin: "slack" }, { tool: "tool-03", workspace: "dev" }]) {
        const query = new URLSearchParams({ field, ...wanted }).toString();
        const { values, source, partial } = await ask(query);
        expect([source, partial]).toEqual(["samples", false]);
        const counts = Object.fromEntries(values.map(({ value, calls }) => [value, calls]));
        expect(counts).toEqual(plainCounts(field, wanted));
        const sizes = values.map(({ calls }) => calls ?? 0);
        expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
      }
      expect(await told("field=actor&prefix=user:%25")).toEqual(["user:%"]);
      expect(await told("field=actor&actor=user:bob&limit=1")).toHaveLength(1);
    },
  );

  it("reads no sample for a name, and for an actor no more than there are in the time", async () => {
    const rows = new BilledRows();
    const counting = rows.counting(workerEnv.SHARD_0);
    const question = { prefix: "", filter: {}, limit: 20 };
    await findValues(counting, org, { ...question, field: "tool" });
    expect(rows.take().rowsRead).toBeLessThanOrEqual(2 * 60);
    const nowMs = Date.now();
    const filter = { fromMs: nowMs - 10_000_000, toMs: nowMs - 9_000_000 };
    const none = await findValues(counting, org, { ...question, filter, field: "actor" });
    expect([none.values, none.scannedToMs]).toEqual([[], null]);
    expect(rows.take().rowsRead).toBeLessThanOrEqual(20);
  });

  it.each([
    ["", "/field"],
    ["field=outcome", "/field"],
    ["field=tool&limit=21", "/limit"],
    ["field=tool&limit=0", "/limit"],
  ])("refuses ?%s", async (query, pointer) => {
    const answer = await problemOf(call("GET", `/v1/orgs/${org}/activity/values?${query}`));
    expect([answer.status, answer.errors?.[0]?.pointer]).toEqual([400, pointer]);
  });
});
