/** A plugin behind the gateway whose server is a function, and clients that send it what they like. In workerd. */
import { vi } from "vitest";
import { auditEntries } from "../../../audit/audit-client.ts";
import { requireStatus } from "../../../harness/answers.ts";
import { call } from "../../../harness/deployment.ts";
import { createToken, makeOrg, type OrgFields } from "../../../harness/orgs.ts";

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

/** Until the test file ends. */
export function serveHost(host: string, server: Server): void {
  servers.set(host, server);
}

export interface Received {
  method: string;
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

export interface BehindOptions {
  /** Of the plugin. */
  settings?: object;
  actor?: string;
  /** Of the org. */
  fields?: OrgFields;
}

export async function behindGateway(
  server: Server,
  { settings = {}, actor = "user:alice@acme", fields = {} }: BehindOptions = {},
): Promise<Behind> {
  names += 1;
  const host = `mcp-${names}-${crypto.randomUUID().slice(0, 8)}.example.com`;
  const received: Received[] = [];
  servers.set(host, async (request) => {
    const copy = request.clone();
    const { method, headers } = copy;
    received.push({ method, headers: new Headers(headers), body: await copy.text() });
    return server(request);
  });
  const org = await makeOrg(fields);
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

/** A legacy session's stream of news. */
export function openStream(
  { path, token }: Behind,
  { headers = {}, token: other = token }: Sent = {},
): Promise<Response> {
  const accept = { accept: "text/event-stream" };
  return call("GET", path, { token: other, headers: { ...accept, ...headers } });
}

/** Somebody else of the same org. */
export async function otherToken({ org }: Behind, actor = "user:bob@acme"): Promise<string> {
  return (await createToken(org, ["tools:call"], { actor })).token;
}

const META = "io.modelcontextprotocol/";

/** A request of 2026-07-28, with the headers that it has to have. */
export function sendModern(
  behind: Behind,
  method: string,
  params: Record<string, unknown> = {},
  { id = 1, headers = {}, ...sent }: Sent & { id?: string | number } = {},
): Promise<Response> {
  const name = params["name"] ?? params["uri"] ?? params["taskId"];
  const _meta = {
    [`${META}protocolVersion`]: "2026-07-28",
    [`${META}clientCapabilities`]: { extensions: { [`${META}tasks`]: {} } },
  };
  const body = { jsonrpc: "2.0", id, method, params: { ...params, _meta } };
  const described = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(typeof name === "string" && { "mcp-name": name }),
  };
  return send(behind, body, { headers: { ...described, ...headers }, ...sent });
}

export function initialize(version = "2025-11-25", id: string | number = 0) {
  const params = {
    protocolVersion: version,
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  };
  return { jsonrpc: "2.0", id, method: "initialize", params };
}

/** What the server gets to see of a request, and its own id of a session. */
export interface Heard {
  request: Request;
  method: string | null;
  id: unknown;
  params: Record<string, unknown>;
}

/** A server that answers requests with what the function says; what it leaves undefined, with an empty result. */
export function answeringWith(
  answer: (heard: Heard) => Response | object | undefined | Promise<Response | object | undefined>,
): Server {
  return async (request) => {
    const heard = await heardIn(request);
    const said = await answer(heard);
    if (said instanceof Response) return said;
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const { id, method } = heard;
    if (id === undefined || method === null) return new Response(null, { status: 202 });
    return Response.json({ jsonrpc: "2.0", id, result: said ?? { content: [] } });
  };
}

async function heardIn(request: Request): Promise<Heard> {
  const text = request.method === "POST" ? await request.clone().text() : "{}";
  const message = JSON.parse(text) as Partial<Heard>;
  const { method = null, id, params = {} } = message;
  return { request, method, id, params };
}

export const UPSTREAM_SESSION = "upstream-session-1";

/** The headers of a session that was begun through the gateway. */
export async function beginSession(
  behind: Behind,
  { version = "2025-11-25", token = behind.token }: { version?: string; token?: string } = {},
): Promise<Record<string, string>> {
  const answer = await send(behind, initialize(version), { token });
  await answer.text();
  const id = answer.headers.get("mcp-session-id");
  if (id === null) throw new Error("no session");
  return { "mcp-session-id": id, "mcp-protocol-version": version };
}

export function withSessionId(response: Response): Response {
  response.headers.set("mcp-session-id", UPSTREAM_SESSION);
  return response;
}

/** The messages of an event stream, whole. */
export function messagesOf(text: string): Record<string, unknown>[] {
  return [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data!));
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
