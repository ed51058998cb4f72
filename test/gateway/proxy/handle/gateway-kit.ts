/** A plugin behind the gateway whose server is a function, and clients that send it what they like. In workerd. */
import { vi } from "vitest";
import { auditEntries } from "../../../audit/audit-client.ts";
import { requireStatus } from "../../../harness/answers.ts";
import { call } from "../../../harness/deployment.ts";
import { createToken, makeOrg } from "../../../harness/orgs.ts";

export type Server = (request: Request) => Response | Promise<Response>;

const servers = new Map<string, Server>();
let names = 0;

/** In place of the network, as the Worker sees it. */
export function serveHosts(): void {
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", async (input: RequestInfo, init?: RequestInit) => {
    const request = new Request(input, init);
    const server = servers.get(new URL(request.url).hostname);
    return server === undefined ? real(request) : server(request);
  });
}

export interface Received {
  headers: Headers;
  body: string;
}

export interface Behind {
  org: string;
  path: string;
  token: string;
  /** What came to the server. */
  received: Received[];
}

export async function behindGateway(
  server: Server,
  { settings = {}, actor = "user:alice@acme" }: { settings?: object; actor?: string } = {},
): Promise<Behind> {
  names += 1;
  const host = `mcp-${names}-${crypto.randomUUID().slice(0, 8)}.example.com`;
  const received: Received[] = [];
  servers.set(host, async (request) => {
    const copy = request.clone();
    received.push({ headers: new Headers(copy.headers), body: await copy.text() });
    return server(request);
  });
  const org = await makeOrg();
  const at = `/v1/orgs/${org}/workspaces/prod/plugins/files`;
  await requireStatus(201, call("PUT", at, { body: { url: `https://${host}/mcp`, ...settings } }));
  const { token } = await createToken(org, ["tools:call"], { actor });
  return { org, path: `${at}/mcp`, token, received };
}

export interface Sent {
  headers?: Record<string, string>;
  token?: string;
}

const ACCEPT = { accept: "application/json, text/event-stream" };

export function send(
  { path, token }: Behind,
  body: unknown,
  { headers = {}, token: other = token }: Sent = {},
): Promise<Response> {
  return call("POST", path, { body, token: other, headers: { ...ACCEPT, ...headers } });
}

export function toolCall(name: string, id: string | number = 1, args: object = {}) {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } };
}

export function result(id: unknown, value: object = { content: [] }): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result: value });
}

/** Answers each request in JSON with a result. */
export const answering: Server = async (request) => {
  const { id } = (await request.json()) as { id?: unknown };
  if (id === undefined) return new Response(null, { status: 202 });
  return Response.json(JSON.parse(result(id)));
};

export function eventStream(...events: string[]): Response {
  const body = events.map((data) => `event: message\ndata: ${data}\n\n`).join("");
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

export interface CallSample {
  id: string;
  tool: string;
  outcome: string;
  error_code: string | null;
  actor: string | null;
  session_id: string | null;
}

/** What is on record once all is: decisions, completions, samples. Waits for what is told after the answer. */
export async function recordOf(org: string, calls: number) {
  for (;;) {
    const { invocations } = await samplesOf(org);
    if (invocations.length >= calls) break;
    await scheduler.wait(20);
  }
  const events = (await auditEntries(org)).map(({ event }) => event);
  const ofCalls = events.filter(({ action }) => String(action).startsWith("tool.call."));
  return { samples: (await samplesOf(org)).invocations, events: ofCalls };
}

async function samplesOf(org: string): Promise<{ invocations: CallSample[] }> {
  return (await call("GET", `/v1/orgs/${org}/invocations`)).json();
}

export async function putPolicy(org: string, policies: string, effect = "deny"): Promise<void> {
  const body = { policies, default: effect };
  await requireStatus(200, call("PUT", `/v1/orgs/${org}/policy`, { body }));
}
