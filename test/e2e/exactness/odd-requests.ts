/** Malformed beside the body: paths and queries; and what looks malformed and is not. */
import { spawnSync } from "node:child_process";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { Sent } from "../../harness/http-client.ts";
import { type MalformedRun, PATH } from "./malformed-run.ts";
import { reportText } from "./malformed-samples.ts";
import { deep } from "./malformed-values.ts";

export const BAD_PATHS: { name: string; method: string; path: string; status: number }[] = [
  ...[
    "limit=0",
    "limit=1001",
    "limit=1e2",
    "limit=",
    "cursor=x",
    "cursor=",
    "from=x",
    "to=1.5",
    "outcome=bad",
    "min_duration_ms=-1",
    "max_duration_ms=NaN",
    "nope=1",
    "tool=a&tool=b",
    "from=%00",
    "cursor=%FF",
    "min_duration_ms=1e999",
  ].map((query) => ({ name: query, method: "GET", path: `${PATH}?${query}`, status: 400 })),
  ...[
    "x",
    "%00",
    "%FF",
    "019aa9c5-0000-4000-8000-000000000000",
    "a".repeat(5_000),
    "..%2f..",
    "019aa9c5-0000-7000-8000-000000000000",
  ].map((id) => ({
    name: `id ${id.slice(0, 40)}`,
    method: "GET",
    path: `${PATH}/${id}`,
    status: 404,
  })),
  ...["no-such-org", "UPPER", "%00", "%FF", "a'--", "a".repeat(64), "__proto__"].map((org) => ({
    name: `org ${org}`,
    method: "POST",
    path: `/v1/orgs/${org}/invocations`,
    status: 404,
  })),
];

/** At the limits, and odd but valid: all of it counts. */
export async function findRefusedValid(run: MalformedRun): Promise<string[]> {
  const padded = (text: string) => text + " ".repeat(4 * 1_048_576 - Buffer.byteLength(text));
  const thousand = Array.from({ length: 1_000 }, () => run.validSample());
  const one = () => run.validSample();
  const withPayload = (value: string) => one().replace(/\}$/, `,"request_payload":${value}}`);
  const cases: { name: string; count: number; sent: Sent }[] = [
    { name: "1,000 samples", count: 1_000, sent: { body: reportText(thousand) } },
    { name: "4 MiB", count: 1, sent: { body: padded(reportText([one()])) } },
    {
      name: "100,000 arrays as payload",
      count: 1,
      sent: { body: reportText([withPayload(deep.arrays)]) },
    },
    {
      name: "100,000 objects as payload",
      count: 1,
      sent: { body: reportText([withPayload(deep.objects)]) },
    },
    { name: "a byte order mark", count: 1, sent: { body: `\ufeff${reportText([one()])}` } },
    {
      name: "gzip",
      count: 1,
      sent: { body: gzipSync(reportText([one()])), headers: { "content-encoding": "gzip" } },
    },
    {
      name: "gzip of two members",
      count: 1,
      sent: {
        body: inHalves(reportText([one()]), gzipSync),
        headers: { "content-encoding": "gzip" },
      },
    },
    {
      name: "zstd of two frames",
      count: 1,
      sent: {
        body: inHalves(reportText([one()]), zstdCompressSync),
        headers: { "content-encoding": "zstd" },
      },
    },
    ...["gzip", "zstd"].filter(isInstalled).map((coding) => ({
      name: `what the command ${coding} makes of it, twice, as cat joins it`,
      count: 1,
      sent: {
        body: inHalves(reportText([one()]), (half) => byCommand(coding, half)),
        headers: { "content-encoding": coding },
      },
    })),
    { name: "a heartbeat", count: 0, sent: { body: reportText([]) } },
  ];
  return run.each(cases, async ({ name, count, sent }) => {
    const { status, body } = await run.send(name, sent);
    const isAccepted = status === 200 && JSON.parse(body.toString()).accepted === count;
    return isAccepted ? [] : [`${status} ${body.subarray(0, 200)}`];
  });
}

function inHalves(text: string, compress: (half: string) => Uint8Array): Buffer {
  const middle = text.length >> 1;
  return Buffer.concat([compress(text.slice(0, middle)), compress(text.slice(middle))]);
}

function isInstalled(command: string): boolean {
  const isThere = spawnSync(command, ["--version"]).error === undefined;
  if (!isThere) console.error(`!!! SKIPPED: there is no ${command} here to make a body with`);
  return isThere;
}

function byCommand(command: string, input: string): Buffer {
  return spawnSync(command, ["-c"], { input }).stdout;
}
