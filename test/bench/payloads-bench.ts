/** Payloads sealed and opened a second beside bare WebCrypto, and the rows that they cost a call. */
import { newId } from "../harness/new-id.ts";
import type { Runtime } from "../harness/runtime.ts";
import { workerdCpuMs } from "../harness/workerd-usage.ts";
import { type Figure, median } from "./figure.ts";

export const PAYLOAD_BENCH_WORKER = "test/bench/payload-worker.ts";

const SIZES = [200, 1_000, 4_000, 16_000, 64_000, 256_000];
const RUNS = 5;
/** Of payloads in a run, which takes half a second: the kernel counts processor time by 10 ms. */
const BYTES_A_RUN = 60_000_000;
const TIMES_MAX = 15_000;
const REPORTS = [1, 10, 100, 1_000];

export async function benchPayloads(runtime: Runtime): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const bytes of SIZES) figures.push(...(await benchSize(runtime, bytes)));
  return [...figures, ...(await benchRows(runtime))];
}

/** In turn, so that whatever else the machine does falls on both. */
async function benchSize(runtime: Runtime, bytes: number): Promise<Figure[]> {
  const body = jsonOf(bytes);
  const times = Math.min(TIMES_MAX, Math.ceil(BYTES_A_RUN / bytes));
  const timed = async (kind: string) => {
    const before = workerdCpuMs();
    await runtime.text("POST", `/bench/payloads/${kind}?times=${times}`, body);
    return (workerdCpuMs() - before) / times;
  };
  const [sealed, bare, deflated]: [number[], number[], number[]] = [[], [], []];
  for (let run = 0; run <= RUNS; run += 1) {
    const each = [await timed("sealed"), await timed("bare"), await timed("deflated")] as const;
    // The first is for the compiler.
    if (run > 0) [sealed.push(each[0]), bare.push(each[1]), deflated.push(each[2])];
  }
  const ratio = (to: readonly number[]) => median(sealed.map((each, at) => to[at]! / each));
  const name = `payloads of ${bytes.toLocaleString("en")} bytes`;
  return [
    { name: `${name}, sealed and opened`, value: 1e3 / median(sealed), unit: "/s" },
    { name: "  bare WebCrypto", value: 1e3 / median(bare), unit: "/s" },
    { name: "  of that (0.7)", value: ratio(bare) },
    { name: "  bare WebCrypto and DEFLATE", value: 1e3 / median(deflated), unit: "/s" },
    { name: "  of that", value: ratio(deflated) },
  ];
}

async function benchRows(runtime: Runtime): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [org, entitlements] of [
    ["bench-bare", {}],
    ["bench-payloads", { payload_capture: true }],
  ] as const) {
    await runtime.makeOrg(org);
    await runtime.json("PATCH", `/v1/orgs/${org}`, { entitlements });
    for (const calls of REPORTS) {
      await runtime.json("POST", `/v1/orgs/${org}/invocations`, reportOf(1));
      await runtime.json("GET", "/bench/rows");
      await runtime.json("POST", `/v1/orgs/${org}/invocations`, reportOf(calls));
      const { rowsWritten } = await runtime.json<{ rowsWritten: number }>("GET", "/bench/rows");
      const what = org === "bench-bare" ? "without payloads" : "with";
      const name = `rows written a call, ${calls} in a report, ${what}`;
      figures.push({ name, value: rowsWritten / calls });
    }
  }
  return figures;
}

function reportOf(calls: number) {
  const invocations = Array.from({ length: calls }, () => ({
    ...{ id: newId(Date.now()), workspace: "w", plugin: "p", tool: "t", started_at: Date.now() },
    ...{ duration_ms: 1, outcome: "ok", request_payload: { q: "x" } },
    response_payload: JSON.parse(jsonOf(1_000)),
  }));
  return { instance_id: "bench", invocations };
}

/** As a tool's list of things is. */
function jsonOf(bytes: number): string {
  const items: object[] = [];
  for (let length = 0; length < bytes - 90; ) {
    const item = {
      id: items.length,
      name: `repo-${Math.random().toString(36).slice(2)}`,
      private: items.length % 3 === 0,
    };
    items.push(item);
    length += JSON.stringify(item).length + 1;
  }
  return JSON.stringify({ items });
}
