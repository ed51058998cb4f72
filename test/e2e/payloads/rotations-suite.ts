/**
 * A minute of reports, views, rotations of data keys and of the key-encryption key at once, with a kill -9 in each third:
 * every payload that was acknowledged opens, and what else is sealed is as it was.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../../harness/new-id.ts";
import { Runtime } from "../../harness/runtime.ts";
import { newFolder, removeFolder } from "../../harness/state-folder.ts";
import { Checks, type Verdict } from "../checks.ts";
import { waitUntil } from "../wait-until.ts";
import { MarkedServer } from "./marked-servers.ts";
import { AT, ORG, RotationWork } from "./rotation-work.ts";

const THIRD_MS = 20_000;
const VIEWERS = 8;
const [FIRST, SECOND] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")];
const THIRDS: readonly [name: string, keks: Record<string, string | undefined>][] = [
  ["the first key-encryption key", { MCPG_PAYLOAD_KEK: FIRST }],
  ["both", { MCPG_PAYLOAD_KEK: FIRST, MCPG_PAYLOAD_KEK_2: SECOND }],
  ["the second alone", { MCPG_PAYLOAD_KEK: undefined, MCPG_PAYLOAD_KEK_2: SECOND }],
];

export async function runPayloadRotationsSuite(): Promise<Verdict> {
  const checks = new Checks("payload-rotations");
  const folder = await newFolder();
  const spans = new MarkedServer(() => "{}");
  const plugin = new MarkedServer(({ body }) => {
    const { id } = JSON.parse(body.toString() || "{}") as { id?: unknown };
    return JSON.stringify({ jsonrpc: "2.0", id, result: { content: [] } });
  });
  const at = { spans: await spans.start(), plugin: await plugin.start() };
  let work: RotationWork | null = null;
  let caller = "";
  const secret = randomBytes(12).toString("hex");
  const groups: unknown[] = [];
  for (const [name, keks] of THIRDS) {
    const runtime = await Runtime.start({
      ...{ folder, entry: "src/index.ts", isKillable: true, isSilent: true, connections: 16 },
      settings: { MCPG_ALLOW_LOOPBACK: "true", ...keks },
    });
    if (work === null) {
      caller = await setUp(runtime, at, secret);
      const viewers: string[] = [];
      while (viewers.length < VIEWERS) viewers.push(await newViewer(runtime));
      work = new RotationWork(viewers);
    }
    const third = work.run(runtime, Date.now() + THIRD_MS);
    await delay(THIRD_MS / 2);
    await runtime.kill();
    await third;
    checks.report(`${name}: no request failed but for the kill`, work.problems.splice(0));
    await checkHeaders(checks, name, { runtime, caller, secret, spans, plugin });
    groups.push(await reportError(runtime));
    if (keks["MCPG_PAYLOAD_KEK_2"] !== undefined) await checkRewrapped(checks, name, runtime);
    if (name === THIRDS.at(-1)![0]) {
      await work.viewAll(runtime, () => newViewer(runtime));
      const { kept, views, rotations, interrupted } = work;
      const seen = `${kept.size} payloads, ${views} views, ${rotations} rotations, ${interrupted} requests cut by kills`;
      checks.report("every payload that was acknowledged opens, as it was", work.problems, seen);
      checks.equal(
        "errors of one message are one group",
        groups.map((group) => JSON.stringify(group)),
        groups.map(() => JSON.stringify(groups[0])),
      );
    }
    await runtime.stop();
  }
  spans.stop();
  plugin.stop();
  await removeFolder(folder);
  return checks.verdict;
}

async function newViewer(runtime: Runtime): Promise<string> {
  const asked = { name: "viewer", scopes: ["payloads:read"] };
  return (await runtime.json<{ token: string }>("POST", `${AT}/service-tokens`, asked)).token;
}

async function setUp(
  runtime: Runtime,
  at: { spans: string; plugin: string },
  secret: string,
): Promise<string> {
  const entitlements = { payload_capture: true };
  await runtime.json("POST", "/v1/orgs", { org: ORG, tier: "enterprise", entitlements });
  const otlp = { endpoint: at.spans, sample_rate: 1, headers: { "x-key": secret } };
  await runtime.json("PUT", `${AT}/observability`, { traces: { enabled: true, otlp } });
  const url = `${at.plugin}/mcp`;
  const settings = { url, headers: { authorization: `Bearer ${secret}` } };
  await runtime.json("PUT", `${AT}/workspaces/prod/plugins/files`, settings);
  const asked = { name: "caller", scopes: ["tools:call"] };
  return (await runtime.json<{ token: string }>("POST", `${AT}/service-tokens`, asked)).token;
}

interface Heard {
  runtime: Runtime;
  caller: string;
  secret: string;
  spans: MarkedServer;
  plugin: MarkedServer;
}

/** What was sent with headers that are sealed. */
async function checkHeaders(checks: Checks, name: string, at: Heard): Promise<void> {
  at.spans.heard.length = 0;
  at.plugin.heard.length = 0;
  const answer = await at.runtime.send("POST", `${AT}/workspaces/prod/plugins/files/mcp`, {
    isAnonymous: true,
    headers: {
      authorization: `Bearer ${at.caller}`,
      accept: "application/json, text/event-stream",
    },
    body: { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "read", arguments: {} } },
  });
  checks.equal(`${name}: the gateway calls the plugin`, answer.status, 200);
  await waitUntil(async () => at.spans.heard.length > 0, { msMax: 30_000, what: "spans" });
  checks.equal(
    `${name}: the plugin and the collector get their secrets`,
    [at.plugin.heard[0]?.headers["authorization"], at.spans.heard[0]?.headers["x-key"]].map(
      (header) => String(header).endsWith(at.secret),
    ),
    [true, true],
  );
}

/** The group that an error of one message is in. */
async function reportError(runtime: Runtime): Promise<unknown> {
  const startedAt = Date.now();
  const id = newId(startedAt);
  const invocations = [
    {
      ...{ id, workspace: "prod", plugin: "files", tool: "read", started_at: startedAt },
      ...{ duration_ms: 3, outcome: "server_error", error_message: "disk full on volume 17" },
    },
  ];
  await runtime.json("POST", `${AT}/invocations`, { instance_id: "gw-1", invocations });
  const call = await runtime.json<Record<string, unknown>>("GET", `${AT}/invocations/${id}`);
  return [call["error_hash"], call["error_fingerprint"]];
}

async function checkRewrapped(checks: Checks, name: string, runtime: Runtime): Promise<void> {
  await runtime.tick();
  const { keks } = await runtime.json<{ keks: { version: number; keys: number }[] }>(
    "GET",
    "/v1/keys/status",
  );
  const byFirst = keks.find(({ version }) => version === 1)?.keys ?? 0;
  checks.equal(`${name}: nothing is wrapped by the first any more`, byFirst, 0);
}
