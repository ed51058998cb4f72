/** Plugins as their org's administrator sees them, and servers in place of the network. In workerd. */
import { vi } from "vitest";
import type { StoredPlugin } from "#gateway/plugins/plugin.ts";
import { findStoredPlugin } from "#gateway/plugins/store/plugin-rows.ts";
import type { Org } from "#orgs/org.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import { requireStatus } from "../../harness/answers.ts";
import { type CallOptions, call, workerEnv } from "../../harness/deployment.ts";

export const URL_OF_PLUGIN = "https://mcp.example.com/mcp";
export const SECRET = "Bearer s3cr3t-s3cr3t";

export function pluginPath(org: string, plugin = "github", workspace = "prod"): string {
  const segments = [workspace, "plugins", plugin].map(encodeURIComponent).join("/");
  return `/v1/orgs/${org}/workspaces/${segments}`;
}

export interface PluginBody {
  workspace: string;
  plugin: string;
  url: string;
  headers: Record<string, null>;
  timeout_ms: number;
  on_tool_change: string;
  created_at: string;
  updated_at: string;
  health: {
    state: string;
    last_ok_at: string | null;
    last_fault_at: string | null;
    last_fault: string | null;
    consecutive_failures: number;
    tools: { active: number; quarantined: number; gone: number };
    skipped_tools: Record<string, number>;
  };
}

export function putAt(
  org: string,
  body: Record<string, unknown> = {},
  plugin = "github",
  options: CallOptions = {},
): Promise<Response> {
  const whole = { url: URL_OF_PLUGIN, ...body };
  return call("PUT", pluginPath(org, plugin), { body: whole, ...options });
}

/** Registered, or changed. */
export async function putPluginOk(
  org: string,
  body: Record<string, unknown> = {},
  plugin = "github",
): Promise<PluginBody> {
  const response = await putAt(org, body, plugin);
  if (response.status > 201) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

export async function storedOrg(org: string): Promise<Org> {
  return (await findOrg(workerEnv.DIRECTORY, org))!;
}

export async function storedPlugin(org: string, plugin = "github"): Promise<StoredPlugin> {
  return (await findStoredPlugin(workerEnv.DIRECTORY, org, { workspace: "prod", plugin }))!;
}

export interface ToolBody {
  name: string;
  hash: string;
  state: string;
  fault: string | null;
  first_seen_at: string;
  last_seen_at: string;
  definition: Record<string, unknown>;
}

export async function toolsOf(org: string, plugin = "github"): Promise<ToolBody[]> {
  const path = `${pluginPath(org, plugin)}/tools?limit=1000`;
  const answer = await requireStatus(200, call("GET", path));
  return ((await answer.json()) as { tools: ToolBody[] }).tools;
}

export async function statesOf(org: string, plugin = "github"): Promise<Record<string, string>> {
  const tools = await toolsOf(org, plugin);
  return Object.fromEntries(
    tools.map(({ name, state }) => [name, state] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

export function tool(name: string, description = `What ${name} does`): Record<string, unknown> {
  return { name, description, inputSchema: { type: "object", properties: {} } };
}

export interface Asked {
  method: string;
  url: string;
  headers: Headers;
  /** The JSON-RPC message; null where there was no body. */
  message: { id?: number; method: string; params?: Record<string, unknown> } | null;
  redirect: string;
}

export type Server = (asked: Asked) => Response | Promise<Response>;

/** Until mocks are restored: every request of the Worker's goes there. */
export function serve(server: Server): Asked[] {
  const seen: Asked[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, init as RequestInit);
    const text = await request.text();
    const message = text === "" ? null : JSON.parse(text);
    const { method, url, headers, redirect } = request;
    const asked = { method, url, headers, message, redirect };
    seen.push(asked);
    return server(asked);
  });
  return seen;
}

export function reply({ message }: Asked, result: unknown, headers = {}): Response {
  return Response.json({ jsonrpc: "2.0", id: message?.id, result }, { headers });
}

export function rpcError({ message }: Asked, code: number, status = 200): Response {
  const error = { code, message: "no" };
  return Response.json({ jsonrpc: "2.0", id: message?.id ?? null, error }, { status });
}

/** A server of 2026-07-28 with such a list. */
export function modernServer(tools: () => readonly unknown[]): Server {
  return (asked) => {
    const meta = { "io.modelcontextprotocol/serverInfo": { name: "modern", version: "1.2.3" } };
    if (asked.message?.method === "server/discover") {
      const found = { supportedVersions: ["2026-07-28"], capabilities: { tools: {} } };
      return reply(asked, { ...found, resultType: "complete", _meta: meta });
    }
    return reply(asked, { tools: tools(), resultType: "complete" });
  };
}
