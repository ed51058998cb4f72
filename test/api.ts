/** The Worker as a client sees it, for tests: every call goes through its `fetch`. */
import { env, exports } from "cloudflare:workers";
import type { Scope } from "#orgs/principal.ts";
import type { Env } from "#platform/env.ts";

export const workerEnv = env as unknown as Env;
export const ADMIN = workerEnv.MCPG_ADMIN_TOKEN;
export const METRICS = workerEnv.MCPG_METRICS_TOKEN as string;

export interface Call {
  token?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

/** As the administrator unless told otherwise; `token: null` sends none. A string body goes as it is. */
export function call(method: string, path: string, options: Call = {}): Promise<Response> {
  const { token = ADMIN, body, headers = {} } = options;
  const raw = typeof body === "string" || body instanceof Uint8Array;
  const worker = exports as unknown as { default: { fetch: typeof fetch } };
  return worker.default.fetch(`https://mcpg.test${path}`, {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: raw ? (body as BodyInit) : JSON.stringify(body) }),
  });
}

let names = 0;

/** Storage lasts for a whole test file, so each test makes its own org. */
export function newOrgName(): string {
  names += 1;
  return `org-${names}-${crypto.randomUUID().slice(0, 8)}`;
}

export async function createOrg(org = newOrgName(), tier = "enterprise"): Promise<string> {
  const response = await call("POST", "/v1/orgs", { body: { org, tier } });
  if (response.status !== 201) throw new Error(`POST /v1/orgs: ${await response.text()}`);
  return org;
}

export interface CreatedToken {
  id: string;
  token: string;
}

export async function createToken(
  org: string,
  scopes: Scope[],
  extra: Record<string, unknown> = {},
): Promise<CreatedToken> {
  const body = { name: "test", scopes, ...extra };
  const response = await call("POST", `/v1/orgs/${org}/service-tokens`, { body });
  if (response.status !== 201) throw new Error(`POST service-tokens: ${await response.text()}`);
  return response.json();
}

export interface AuditEntry {
  seq: number;
  hash: string;
  previous_hash: string;
  event: Record<string, unknown> & { details: Record<string, unknown> | null };
}

/** Newest first. */
export async function auditEntries(org: string, query = ""): Promise<AuditEntry[]> {
  const response = await call("GET", `/v1/orgs/${org}/audit${query}`);
  if (response.status !== 200) throw new Error(`GET audit: ${await response.text()}`);
  return ((await response.json()) as { events: AuditEntry[] }).events;
}

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string;
  errors?: { pointer: string; message: string }[];
}

export async function problemOf(response: Response): Promise<ProblemBody> {
  return response.json();
}
