/** Hundreds of malformed bodies: each is refused in the form of the contract, and leaves nothing behind. */
import { gzipSync } from "node:zlib";
import { Checks, type Verdict } from "./checks.ts";
import { readList } from "./figures.ts";
import { type Answer, KillableRuntime, type Sent } from "./killable-runtime.ts";
import { type BadRequest, makeBadRequests } from "./malformed-requests.ts";
import {
  type BadSample,
  makeBadSamples,
  newId,
  reportText,
  SECRET,
  sampleText,
} from "./malformed-samples.ts";
import { deep } from "./malformed-values.ts";

const ORG = "exact-malformed";
const PATH = `/v1/orgs/${ORG}/invocations`;
const BODIES_MIN = 500;
const WORKERS = 4;
/** Far more than any of them takes; what holds the Worker this long would hold up everyone. */
const ANSWER_MS_MAX = 15_000;
/** What an engine, a database or a stack trace says. */
const INTERNALS =
  /sqlite|D1_ERROR|\b(select|insert|update|delete)\b.+\b(from|into|set)\b|\bat .+:\d+:\d+|(Syntax|Type|Range|Reference)Error|unexpected (token|end|non-whitespace)|in JSON|\.(ts|m?js)\b/i;
const MEMBERS = ["type", "title", "status", "detail", "code", "request_id"];

class MalformedRun {
  readonly #runtime: KillableRuntime;
  readonly validIds = new Set<string>();
  readonly leaks: string[] = [];
  readonly slow: string[] = [];
  slowestMs = 0;
  bodies = 0;

  constructor(runtime: KillableRuntime) {
    this.#runtime = runtime;
  }

  validSample(): string {
    const id = newId();
    this.validIds.add(id);
    return sampleText({}, id);
  }

  async send(name: string, sent: Sent, method = "POST", path = PATH): Promise<Answer> {
    this.bodies += 1;
    const startedAt = performance.now();
    const answer = await this.#runtime.send(method, path, sent);
    const tookMs = performance.now() - startedAt;
    this.slowestMs = Math.max(this.slowestMs, tookMs);
    if (tookMs > ANSWER_MS_MAX) this.slow.push(`${name}: ${Math.round(tookMs)} ms`);
    const text = answer.body.toString();
    if (INTERNALS.test(text) || text.includes(SECRET))
      this.leaks.push(`${name}: ${text.slice(0, 300)}`);
    return answer;
  }

  /** The problems of all, a few requests at a time. */
  async each<Item extends { name: string }>(
    items: readonly Item[],
    find: (item: Item) => Promise<string[]>,
  ): Promise<string[]> {
    const problems: string[] = [];
    const rest = [...items];
    const work = async () => {
      for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
        const { name } = item;
        const found = await find(item).catch((error: Error) => [`no answer: ${error.message}`]);
        problems.push(...found.map((problem) => `${name}: ${problem}`));
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
    return problems;
  }

  async findWrongRefusal(request: BadRequest): Promise<string[]> {
    return problemsOf(await this.send(request.name, request), request.status);
  }

  /** 200, the bad sample alone rejected, by its own index and code. */
  async findWrongRejection({ name, sample, codes }: BadSample): Promise<string[]> {
    const body = reportText([this.validSample(), sample, this.validSample()]);
    const answer = await this.send(name, { body });
    const text = answer.body.toString();
    if (answer.status !== 200) return [`${answer.status} ${text.slice(0, 300)}`];
    const { accepted, duplicates, rejected } = JSON.parse(text);
    const [only] = rejected;
    const isAlone = accepted === 2 && duplicates === 0 && rejected.length === 1 && only.index === 1;
    const isNamed = codes.includes(only?.code) && /^.{1,300}$/s.test(only?.message ?? "");
    return isAlone && isNamed ? [] : [`${text.slice(0, 300)}, expected index 1, ${codes}`];
  }
}

/** The members that api.md names, and their agreement with the answer that carries them. */
function problemsOf({ status, headers, body }: Answer, expected: number): string[] {
  const text = body.toString();
  if (status !== expected) return [`${status}, expected ${expected}: ${text.slice(0, 200)}`];
  if (headers["content-type"] !== "application/problem+json") return [`${headers["content-type"]}`];
  const problem = JSON.parse(text) as Record<string, unknown>;
  const missing = MEMBERS.filter((member) => problem[member] === undefined);
  if (missing.length > 0) return [`without ${missing}: ${text.slice(0, 200)}`];
  const agrees =
    problem["status"] === status &&
    problem["request_id"] === headers["x-request-id"] &&
    /^[a-z]+(_[a-z]+)*$/.test(String(problem["code"]));
  return agrees ? [] : [`contradicts itself: ${text.slice(0, 300)}`];
}

/** At the limits, and odd but valid: all of it counts. */
async function findRefusedValid(run: MalformedRun): Promise<string[]> {
  const padded = (text: string) => text + " ".repeat(4 * 1_048_576 - Buffer.byteLength(text));
  const thousand = Array.from({ length: 1_000 }, () => run.validSample());
  const one = () => run.validSample();
  const withPayload = (value: string) => one().replace(/\}$/, `,"request_payload":${value}}`);
  const twice = one().replace('"tool":"list"', '"tool":5,"tool":"list"');
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
    {
      name: "a field given twice, the second time valid",
      count: 1,
      sent: { body: reportText([twice]) },
    },
    { name: "a byte order mark", count: 1, sent: { body: `\ufeff${reportText([one()])}` } },
    {
      name: "gzip",
      count: 1,
      sent: { body: gzipSync(reportText([one()])), headers: { "content-encoding": "gzip" } },
    },
    { name: "a heartbeat", count: 0, sent: { body: reportText([]) } },
  ];
  return run.each(cases, async ({ name, count, sent }) => {
    const { status, body } = await run.send(name, sent);
    const isAccepted = status === 200 && JSON.parse(body.toString()).accepted === count;
    return isAccepted ? [] : [`${status} ${body.subarray(0, 200)}`];
  });
}

const BAD_PATHS: { name: string; method: string; path: string; status: number }[] = [
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

async function runMalformed(runtime: KillableRuntime, checks: Checks): Promise<void> {
  await runtime.makeOrg(ORG);
  const run = new MalformedRun(runtime);
  const samples = makeBadSamples();
  const requests = makeBadRequests();
  checks.report(
    "a bad sample is rejected alone, by index and code",
    await run.each(samples, (bad) => run.findWrongRejection(bad)),
    `${samples.length} samples`,
  );
  checks.report(
    "a bad request is a problem+json with every member",
    await run.each(requests, (bad) => run.findWrongRefusal(bad)),
    `${requests.length} requests`,
  );
  checks.report(
    "bad paths and queries are problems too",
    await run.each(BAD_PATHS, async ({ name, method, path, status }) => {
      const sent = method === "POST" ? { body: reportText([sampleText()]) } : {};
      return problemsOf(await run.send(name, sent, method, path), status);
    }),
    `${BAD_PATHS.length} paths`,
  );
  checks.report("what is at a limit, or odd but valid, counts", await findRefusedValid(run));
  checks.report(
    `at least ${BODIES_MIN} bodies were malformed`,
    run.bodies >= BODIES_MIN ? [] : [`${run.bodies}`],
    `${run.bodies}`,
  );
  checks.report(
    "no answer tells of SQL, a stack, an exception or a message that was sent",
    run.leaks,
  );
  checks.report(
    "no body holds the Worker up",
    run.slow,
    `the slowest took ${Math.round(run.slowestMs)} ms`,
  );
  const health = await Promise.all(
    ["/healthz", "/readyz"].map((path) => runtime.send("GET", path)),
  );
  checks.equal(
    "the Worker is alive and ready",
    health.map(({ status }) => status),
    [200, 200],
  );
  const listed = await readList<{ id: string }>(runtime, `${PATH}?limit=1000`, "invocations");
  const ids = new Set(listed.map(({ id }) => id));
  const lost = [...run.validIds].filter((id) => !ids.has(id)).map((id) => `${id} is lost`);
  const extra = [...ids].filter((id) => !run.validIds.has(id)).map((id) => `${id} was kept`);
  checks.report(
    "the org holds the valid samples and nothing else",
    [...lost, ...extra],
    `${ids.size} samples`,
  );
}

export async function runMalformedSuite(): Promise<Verdict> {
  const runtime = await KillableRuntime.start();
  const checks = new Checks("malformed");
  try {
    await runMalformed(runtime, checks);
    return checks.verdict;
  } finally {
    await runtime.stop();
  }
}
