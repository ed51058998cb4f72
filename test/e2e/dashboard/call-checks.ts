/** A call, end to end: its stages and spans, its entries with their proofs, its neighbours, and what is not there. */
import type { Browser, Page } from "playwright-core";
import { hex } from "../../harness/load.ts";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { tabTo } from "./audit-checks.ts";
import { checkForAll, type Reader } from "./browser.ts";
import { EVIDENCE_ORG, type EvidenceCall, HOSTILE_ACTOR } from "./evidence-org.ts";
import { checkPayloads } from "./payload-checks.ts";
import { openSignedIn, openWithoutAudit, readerToken } from "./signed-in.ts";

const PATH = `/orgs/${EVIDENCE_ORG}/calls`;
const API = `/v1/orgs/${EVIDENCE_ORG}/invocations`;

export async function checkCalls(
  checks: Checks,
  browser: Browser,
  runtime: Runtime,
  calls: readonly EvidenceCall[],
): Promise<void> {
  const token = await readerToken(runtime, EVIDENCE_ORG);
  const open = () => openSignedIn(browser, runtime, token);
  await sendSpans(runtime, calls[4]!);
  await checkCall(checks, await open(), calls[4]!);
  await checkDoctoredEntry(checks, await open(), calls[4]!);
  await checkNeighbours(checks, await open(), calls);
  await checkPayloads(checks, browser, runtime, calls);
  await checkLongTrace(checks, await open(), calls[4]!);
  await checkLinks(checks, await open(), calls[4]!);
  await checkAbsent(checks, await open(), calls);
  await checkWithoutAudit(checks, browser, runtime, calls[4]!);
  await checkForAll(checks, "call", async (options) => {
    const reader = await openSignedIn(browser, runtime, token, options);
    await openCall(reader, calls[3]!, "?outcome=policy_denied");
    await reader.page.locator('[data-proof="good"]').first().waitFor();
    return reader;
  });
}

async function openCall(reader: Reader, { id, tool }: EvidenceCall, query = ""): Promise<void> {
  await reader.open(`${PATH}/${id}${query}`, `Call of ${tool}`);
  await reader.page.getByRole("heading", { level: 2, name: "In the audit log" }).waitFor();
}

/** An agent's turn around the call, and what the call led to. */
async function sendSpans(runtime: Runtime, { id, traceId }: EvidenceCall): Promise<void> {
  const call = await runtime.json<{ started_at: string; span_id: string }>("GET", `${API}/${id}`);
  const startMs = Date.parse(call.started_at);
  const nano = (ms: number) => `${BigInt(ms) * 1_000_000n}`;
  const span = (
    name: string,
    parentSpanId: string,
    fromMs: number,
    toMs: number,
    kind: number,
  ) => ({
    ...{ traceId, spanId: hex(8), parentSpanId, name, kind },
    ...{ startTimeUnixNano: nano(startMs + fromMs), endTimeUnixNano: nano(startMs + toMs) },
    attributes: [{ key: "http.route", value: { stringValue: "<b>not bold</b>" } }],
  });
  const spans = [
    span("chat <i>turn</i>", "", -20_000, 30_000, 1),
    span("GET /repos", call.span_id, 5, 30, 3),
    span("later work", "", 20_000, 21_000, 1),
  ];
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "agent" } }] };
  const body = { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] };
  await runtime.json("POST", `/v1/orgs/${EVIDENCE_ORG}/otlp/v1/traces`, body);
}

async function checkCall(checks: Checks, reader: Reader, call: EvidenceCall): Promise<void> {
  const { page } = reader;
  await openCall(reader, call);
  const rows = page.locator(".timeline-row");
  await rows.first().waitFor();
  checks.equal("of a long trace the call's own time is shown", await rows.count(), 3);
  await page.getByRole("button", { name: /whole trace \(4 spans\)/ }).click();
  checks.equal("and all of it on demand", await rows.count(), 4);
  await tabTo(page, (await rows.first().locator("button").textContent())?.trim() ?? "");
  await page.keyboard.press("Enter");
  await rows.first().getByText("<b>not bold</b>").waitFor();
  checks.report("a span's attributes open by keyboard, as text", []);
  const proven = page.locator('.entry-card [data-proof="good"]');
  await proven.nth(1).waitFor();
  checks.equal("a call's decision and completion are proven in the page", await proven.count(), 2);
  checks.equal("a hostile name is text", await page.locator("main i, main b, main img").count(), 0);
  await page.getByText(/It ran for .* and arrived/).waitFor();
  await page.getByText("Nothing of the request or the response is kept").waitFor();
  checks.report("its arrival is told, and that nothing was captured", []);
  await page.getByRole("link", { name: /\(entry \d+\)/ }).click();
  await page.getByRole("heading", { level: 1, name: `Entry ${call.seq}` }).waitFor();
  checks.report("its decision leads to the entry; no policy is violated", reader.faults);
  await reader.close();
}

/** What the page shows of an entry is what it hashes: a call's entries come in its trace. */
async function checkDoctoredEntry(
  checks: Checks,
  reader: Reader,
  call: EvidenceCall,
): Promise<void> {
  const { page } = reader;
  await page.route(`**${API}/*/trace`, async (route) => {
    const answer = await route.fetch();
    const text = await answer.text();
    await route.fulfill({ response: answer, body: text.replace("no-deletes", "no-delates") });
  });
  await openCall(reader, call);
  await page.locator('.entry-card [data-proof="bad"]').waitFor();
  const tones = page.locator(".entry-card [data-proof]");
  await page.locator('.entry-card [data-proof="good"]').waitFor();
  const told = await tones.evaluateAll((all) => all.map((one) => one.getAttribute("data-proof")));
  checks.equal("a byte doctored on the way turns that entry red, and no other", told, [
    "bad",
    "good",
  ]);
  await reader.close();
}

async function checkNeighbours(
  checks: Checks,
  reader: Reader,
  calls: readonly EvidenceCall[],
): Promise<void> {
  const { page } = reader;
  const alike = calls.filter(({ tool }) => tool === "list_repos");
  await openCall(reader, alike.at(-1)!, "?tool=list_repos&last=1h");
  for (const call of alike.slice(0, -1).toReversed()) {
    await page.getByRole("link", { name: "Older →" }).click();
    await page.waitForURL(`**${call.id}?tool=list_repos&last=1h`);
  }
  await page.getByText("Older → (none)").waitFor();
  await page.getByRole("link", { name: "← Newer" }).click();
  await page.waitForURL(`**${alike[1]!.id}?*`);
  checks.report("older and newer stay within the filter, and end where it ends", reader.faults);
  const back = page.getByRole("link", { name: "Back to the list" });
  checks.equal(
    "the way back is the list as it was",
    await back.getAttribute("href"),
    `/orgs/${EVIDENCE_ORG}/activity?tool=list_repos&last=1h`,
  );
  await reader.close();
}

const LONG_TRACE = 10_000;
/** On two shared cores; a page that draws them all takes tens of seconds. */
const LONG_TRACE_MS_MAX = 5_000;

async function checkLongTrace(checks: Checks, reader: Reader, call: EvidenceCall): Promise<void> {
  const { page } = reader;
  await page.route(`**${API}/*/trace`, async (route) => {
    const answer = await route.fetch();
    const trace = await answer.json();
    const [first] = trace.spans;
    const more = Array.from({ length: LONG_TRACE }, (_, at) => ({
      ...{ ...first, span_id: `more-${at}`, parent_span_id: at === 0 ? null : `more-${at >> 1}` },
      invocation_id: null,
    }));
    await route.fulfill({ json: { ...trace, spans: [...trace.spans, ...more] } });
  });
  await page.goto(`${PATH}/${call.id}`);
  await page.getByRole("heading", { level: 2, name: "Stages" }).waitFor({ state: "detached" });
  const beganMs = performance.now();
  await page.locator(".timeline-row").first().waitFor();
  const tookMs = Math.round(performance.now() - beganMs);
  checks.within(
    `a trace of ${LONG_TRACE} spans is there in time (ms)`,
    tookMs,
    0,
    LONG_TRACE_MS_MAX,
  );
  checks.equal("of which 200 are drawn", await page.locator(".timeline-row").count(), 200);
  await page.getByRole("button", { name: /^Show 200 more of/ }).click();
  checks.equal("and more on demand", await page.locator(".timeline-row").count(), 400);
  await reader.close();
}

async function checkLinks(checks: Checks, reader: Reader, call: EvidenceCall): Promise<void> {
  const { page } = reader;
  await openCall(reader, call);
  await page.getByRole("button", { name: "Link your trace UI and Prometheus…" }).click();
  await page.getByLabel("Trace UI").fill("javascript:alert(1)//{trace_id}");
  await page.getByText("It has to begin with https://").waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByLabel("Trace UI").fill("https://traces.example/trace/{trace_id}");
  await page.getByLabel("Prometheus").fill("http://127.0.0.1:9090");
  await page.getByRole("button", { name: "Save" }).click();
  const trace = page.getByRole("link", { name: /Its trace in your trace UI/ });
  await page.reload();
  checks.equal(
    "a template of a trace UI makes a link, of https alone, that outlives a reload",
    [await trace.getAttribute("href"), await trace.getAttribute("rel")],
    [`https://traces.example/trace/${call.traceId}`, "noopener noreferrer"],
  );
  const prometheus = page.getByRole("link", { name: /in Prometheus/ });
  const expression = new URL((await prometheus.getAttribute("href")) ?? "").searchParams;
  checks.report(
    "and Prometheus is asked for this tool",
    expression.get("g0.expr")?.includes(`tool="${call.tool}"`) ? [] : [String(expression)],
  );
  await reader.close();
}

async function checkAbsent(
  checks: Checks,
  reader: Reader,
  calls: readonly EvidenceCall[],
): Promise<void> {
  const { page } = reader;
  const hostile = calls.find(({ actor }) => actor === HOSTILE_ACTOR)!;
  const unknown = hostile.id.replace(/.{4}$/, "0000");
  await reader.open(`${PATH}/${unknown}`, "No such call");
  await page.getByText("not so long ago that it was pruned").waitFor();
  await reader.open(`${PATH}/01890000-0000-7000-8000-000000000000`, "No such call");
  await page.getByText("retention may have pruned it").waitFor();
  await reader.open(`${PATH}/%3Cimg%20src%3Dx%3E`, "No such call");
  await page.getByText("It is no id of a call").waitFor();
  checks.report("a call that is not there is told apart: pruned, never here, no id", reader.faults);
  await reader.close();
}

async function checkWithoutAudit(
  checks: Checks,
  browser: Browser,
  runtime: Runtime,
  call: EvidenceCall,
): Promise<void> {
  const reader = await openWithoutAudit(browser, runtime, EVIDENCE_ORG);
  await openCall(reader, call);
  await reader.page.getByText("This session may not read the audit log").waitFor();
  const proofs = await proofCount(reader.page);
  checks.equal("without audit:read a decision is shown, and no proof pretended", proofs, 0);
  checks.report("and nothing is violated", reader.faults);
  await reader.close();
}

function proofCount(page: Page): Promise<number> {
  return page.locator(".entry-card [data-proof]").count();
}
