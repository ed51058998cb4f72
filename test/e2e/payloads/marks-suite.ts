/**
 * A run with marked secrets in payloads, messages of errors, tokens, and headers of streams and plugins: not one of the
 * marks is in a file of the databases, a log, a span, an answer to a fault, or the ledger, in whatever form.
 */
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { newId } from "../../harness/new-id.ts";
import { Runtime } from "../../harness/runtime.ts";
import { newFolder, removeFolder } from "../../harness/state-folder.ts";
import { Checks, type Verdict } from "../checks.ts";
import { waitUntil } from "../wait-until.ts";
import { findMarks, type Mark } from "./mark-search.ts";
import { MarkedServer } from "./marked-servers.ts";

const ORG = "marked";
const AT = `/v1/orgs/${ORG}`;

export async function runPayloadMarksSuite(): Promise<Verdict> {
  const checks = new Checks("payload-marks");
  checkSearch(checks);
  const folder = await newFolder();
  const logs: string[] = [];
  const runtime = await Runtime.start({
    ...{ folder, entry: "src/index.ts", settings: { MCPG_ALLOW_LOOPBACK: "true" } },
    onLog: (line) => logs.push(line),
  });
  const marks = new Marks();
  const spans = new MarkedServer(() => "{}");
  const plugin = new MarkedServer(({ body }) => answerOf(body, marks));
  try {
    const errors = await runMarked(runtime, marks, {
      spans: await spans.start(),
      plugin: await plugin.start(),
    });
    await checkViews(checks, runtime, marks);
    const ledger = await runtime.text("GET", `${AT}/audit/export`);
    await waitUntil(async () => spans.heard.length > 0, { msMax: 30_000, what: "spans" });
    checks.report("the ledger has no mark", findMarks(marks.all, Buffer.from(ledger)));
    checks.report("answers to faults have no mark", findMarks(marks.all, Buffer.from(errors)));
    checks.report(
      "spans have no mark",
      findMarks(marks.all, spans.bodies()),
      `${spans.heard.length} requests`,
    );
    checks.report("the running databases' files have no mark", await marksOfFiles(folder, marks));
    const headers = JSON.stringify(
      [spans.heard, plugin.heard].flatMap((heard) => heard.map((one) => one.headers)),
    );
    const sent = ["stream header", "upstream header"].filter(
      (name) => !headers.includes(marks.of(name)),
    );
    checks.equal("what a header was for has got it", sent, []);
  } finally {
    await runtime.stop();
    spans.stop();
    plugin.stop();
  }
  checks.report("nor have the files that are left", await marksOfFiles(folder, marks));
  checks.report(
    "logs have no mark",
    findMarks(marks.all, Buffer.from(logs.join("\n"))),
    `${logs.length} lines`,
  );
  await removeFolder(folder);
  return checks.verdict;
}

class Marks {
  readonly #marks = new Map<string, string>();

  get all(): Mark[] {
    return Array.from(this.#marks, ([name, text]) => ({ name, text }));
  }

  of(name: string): string {
    const known = this.#marks.get(name);
    if (known !== undefined) return known;
    const text = `Mark${randomBytes(9).toString("hex")}Qx`;
    this.#marks.set(name, text);
    return text;
  }

  /** A secret that the Worker made itself. */
  add(name: string, text: string): void {
    this.#marks.set(name, text);
  }
}

/** A search that finds nothing where there is something proves nothing. */
function checkSearch(checks: Checks): void {
  const text = "Mark0123456789abcdefQx";
  const bytes = Buffer.from(`before ${text} after`);
  const forms = [
    bytes,
    Buffer.from(bytes.toString("base64")),
    Buffer.from(`x${bytes.toString("base64url")}`),
    Buffer.from(Buffer.from(`b${text}`).toString("base64")),
    Buffer.from(Buffer.from(`bb${text}`).toString("base64")),
    Buffer.from(bytes.toString("hex")),
    Buffer.from(bytes.toString("utf8"), "utf16le"),
    Buffer.from(bytes.toString("utf8"), "utf16le").swap16(),
    Buffer.concat([Buffer.from("page"), gzipSync(bytes), Buffer.from("page")]),
    Buffer.concat([Buffer.from("page"), gzipSync(bytes.toString("base64")), Buffer.from("page")]),
  ];
  const missed = forms.flatMap((form, at) =>
    findMarks([{ name: "a", text }], form).length === 0 ? [`form ${at}`] : [],
  );
  checks.report("the search finds a mark in plain, base64, hex, UTF-16 and gzip", missed);
}

function answerOf(body: Buffer, marks: Marks): string {
  const { id, params } = JSON.parse(body.toString() || "{}") as {
    id?: unknown;
    params?: { name?: string };
  };
  if (params?.name === "fail") {
    const error = { code: -32603, message: `upstream ${marks.of("upstream error")}` };
    return JSON.stringify({ jsonrpc: "2.0", id, error });
  }
  const content = [{ type: "text", text: marks.of("gateway response") }];
  return JSON.stringify({ jsonrpc: "2.0", id, result: { content } });
}

/** Everything that takes a mark in; the answers of what was refused. */
async function runMarked(
  runtime: Runtime,
  marks: Marks,
  at: { spans: string; plugin: string },
): Promise<string> {
  await runtime.json("POST", "/v1/orgs", {
    ...{ org: ORG, tier: "enterprise", entitlements: { payload_capture: true } },
  });
  await runtime.json("PATCH", AT, { payload_capture: { gateway: true, otlp: true } });
  await runtime.json("PUT", `${AT}/observability`, {
    traces: {
      enabled: true,
      otlp: {
        ...{ endpoint: at.spans, sample_rate: 1 },
        headers: { "x-key": marks.of("stream header") },
      },
    },
  });
  const { token } = await runtime.json<{ token: string }>("POST", `${AT}/service-tokens`, {
    ...{ name: "caller", scopes: ["tools:call", "telemetry:write", "payloads:read"] },
  });
  marks.add("token", token.split("_")[2]!);
  await runtime.json("PUT", `${AT}/workspaces/prod/plugins/files`, {
    ...{
      url: `${at.plugin}/mcp`,
      headers: { authorization: `Bearer ${marks.of("upstream header")}` },
    },
  });
  await sendReport(runtime, marks);
  await sendSpans(runtime, marks);
  for (const name of ["read", "fail"]) await callTool(runtime, marks, { token, name });
  const errors = await refusedRequests(runtime, marks);
  const kept = { msMax: 30_000, what: "all payloads" };
  await waitUntil(async () => (await payloadsKept(runtime)) >= 4, kept);
  for (let ticks = 0; ticks < 3; ticks++) await runtime.tick();
  await delay(500);
  return errors;
}

async function payloadsKept(runtime: Runtime): Promise<number> {
  const { invocations } = await runtime.json<{ invocations: { has_payload: boolean }[] }>(
    "GET",
    `${AT}/invocations`,
  );
  return invocations.filter(({ has_payload }) => has_payload).length;
}

function sample(fields: object) {
  const startedAt = Date.now();
  return {
    ...{ id: newId(startedAt), workspace: "prod", plugin: "github", tool: "list", duration_ms: 3 },
    ...{ started_at: startedAt, outcome: "ok", ...fields },
  };
}

async function sendReport(runtime: Runtime, marks: Marks): Promise<void> {
  const filler = "and more ".repeat(50);
  await runtime.json("POST", `${AT}/invocations`, {
    instance_id: "gw-1",
    invocations: [
      sample({
        ...{ outcome: "server_error", error_message: `it said ${marks.of("error message")}` },
        request_payload: { argument: marks.of("request payload"), filler },
        response_payload: `${filler}${marks.of("response payload")}${filler}`,
      }),
    ],
  });
}

async function sendSpans(runtime: Runtime, marks: Marks): Promise<void> {
  const nano = (ms: number) => `${BigInt(ms) * 1_000_000n}`;
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const span = {
    ...{ traceId: randomBytes(16).toString("hex"), spanId: randomBytes(8).toString("hex") },
    ...{ name: "tools/call read", kind: 2, status: { code: 2, message: marks.of("span message") } },
    ...{ startTimeUnixNano: nano(Date.now() - 50), endTimeUnixNano: nano(Date.now()) },
    attributes: [
      attribute("mcp.method.name", "tools/call"),
      attribute("gen_ai.tool.name", "read"),
      attribute("gen_ai.tool.call.arguments", JSON.stringify({ a: marks.of("span arguments") })),
      attribute("gen_ai.tool.call.result", marks.of("span result")),
      attribute("http.request.header.authorization", marks.of("span attribute")),
    ],
  };
  const resource = { attributes: [attribute("service.name", "files")] };
  await runtime.json("POST", `${AT}/otlp/v1/traces`, {
    resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "test" }, spans: [span] }] }],
  });
}

async function callTool(
  runtime: Runtime,
  marks: Marks,
  { token, name }: { token: string; name: string },
): Promise<void> {
  const params = { name, arguments: { path: marks.of(`gateway request ${name}`) } };
  const answer = await runtime.send("POST", `${AT}/workspaces/prod/plugins/files/mcp`, {
    isAnonymous: true,
    headers: {
      authorization: `Bearer ${token}`,
      accept: "application/json, text/event-stream",
      "x-api-key": marks.of("caller's header"),
      cookie: `session=${marks.of("caller's cookie")}`,
    },
    body: { jsonrpc: "2.0", id: 1, method: "tools/call", params },
  });
  if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${answer.body}`);
}

/** Marks where they may not stand: what is said of that must not repeat them. */
async function refusedRequests(runtime: Runtime, marks: Marks): Promise<string> {
  const mark = marks.of("refused");
  const authorization = { authorization: `Bearer ${mark}` };
  const answers = [
    await runtime.send("POST", `${AT}/invocations`, { body: `{"invocations": ["${mark}"` }),
    await runtime.send("POST", `${AT}/invocations`, {
      body: {
        instance_id: "gw-1",
        invocations: [sample({ outcome: mark, request_payload: mark })],
      },
    }),
    await runtime.send("PUT", `${AT}/redaction`, {
      body: { rules: [{ paths: [`$[?'${mark}']`] }] },
    }),
    await runtime.send("PUT", `${AT}/workspaces/prod/plugins/bad`, {
      body: { url: "https://example.com/mcp", headers: { "x-key": `${mark}\n` } },
    }),
    await runtime.send("PUT", `${AT}/observability`, {
      body: {
        traces: {
          otlp: { endpoint: "https://example.com", headers: { "x-key": `${mark}\u0000` } },
        },
      },
    }),
    await runtime.send("GET", `${AT}/invocations`, { isAnonymous: true, headers: authorization }),
    await runtime.send("POST", `${AT}/otlp/v1/traces`, { body: `{"resourceSpans":"${mark}"` }),
  ];
  return answers.map(({ status, body }) => `${status} ${body}`).join("\n");
}

/** They are there all the same, for who may see them. */
async function checkViews(checks: Checks, runtime: Runtime, marks: Marks): Promise<void> {
  const { token } = await runtime.json<{ token: string }>("POST", `${AT}/service-tokens`, {
    ...{ name: "viewer", scopes: ["payloads:read"] },
  });
  const { invocations } = await runtime.json<{ invocations: { id: string }[] }>(
    "GET",
    `${AT}/invocations`,
  );
  let seen = "";
  for (const { id } of invocations) {
    const answer = await runtime.send("GET", `${AT}/invocations/${id}/payload?reason=test`, {
      isAnonymous: true,
      headers: { authorization: `Bearer ${token}` },
    });
    seen += answer.body.toString();
  }
  const kept = ["request payload", "response payload", "span arguments", "span result"];
  const carried = ["gateway request read", "gateway response", "upstream error"];
  const missing = [...kept, ...carried].filter((name) => !seen.includes(marks.of(name)));
  checks.equal("each payload opens for who may view it", missing, []);
}

async function marksOfFiles(folder: string, marks: Marks): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name)).catch(() => null);
    if (bytes === null) continue;
    found.push(...findMarks(marks.all, bytes).map((mark) => `${entry.name}: ${mark}`));
  }
  return found;
}
