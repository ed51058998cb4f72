/** An org of a test's own, and what a gateway, a scraper and a reader do with it. */
import { env, exports } from "cloudflare:workers";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import type { Env } from "#platform/env.ts";

export const testEnv = env as unknown as Env;
export const worker = (exports as unknown as { default: Fetcher }).default;
export const ADMIN_TOKEN = testEnv.MCPG_ADMIN_TOKEN;

export type SampleFields = Record<string, unknown>;

let orgsMade = 0;

export async function makeOrg(settings: Record<string, unknown> = {}): Promise<string> {
  orgsMade += 1;
  const org = `org-${orgsMade}-${crypto.randomUUID().slice(0, 8)}`;
  const response = await call("/v1/orgs", {
    method: "POST",
    body: JSON.stringify({ org, tier: "enterprise" }),
  });
  if (response.status !== 201) throw new Error(`cannot make an org: ${response.status}`);
  if (Object.keys(settings).length > 0) {
    const patch = await call(`/v1/orgs/${org}`, {
      method: "PATCH",
      body: JSON.stringify(settings),
    });
    if (patch.status !== 200) throw new Error(`cannot set up an org: ${await patch.text()}`);
  }
  return org;
}

/** As the administrator, with JSON, unless `init` says otherwise. */
export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (!headers.has("authorization")) headers.set("authorization", `Bearer ${ADMIN_TOKEN}`);
  if (init.body !== undefined && !headers.has("content-type")) {
    headers.set("content-type", "application/json");
  }
  return worker.fetch(`https://mcpg.test${path}`, { ...init, headers });
}

export function newId(timeMs = Date.now()): string {
  return uuid7FromRandom(timeMs, crypto.getRandomValues(new Uint8Array(10)));
}

export function makeSample(fields: SampleFields = {}): SampleFields {
  const startedAt = typeof fields["started_at"] === "number" ? fields["started_at"] : Date.now();
  return {
    id: newId(startedAt),
    workspace: "prod",
    plugin: "github",
    tool: "list_repos",
    started_at: startedAt,
    duration_ms: 84.2,
    outcome: "ok",
    ...fields,
  };
}

export async function report(
  org: string,
  invocations: readonly unknown[],
  fields: Record<string, unknown> = {},
): Promise<Response> {
  return call(`/v1/orgs/${org}/invocations`, {
    method: "POST",
    body: JSON.stringify({ instance_id: "gw-1", ...fields, invocations }),
  });
}

export interface IngestAnswer {
  accepted: number;
  duplicates: number;
  rejected: { index: number; code: string; message: string }[];
}

export async function ingest(
  org: string,
  invocations: readonly unknown[],
  fields: Record<string, unknown> = {},
): Promise<IngestAnswer> {
  const response = await report(org, invocations, fields);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

export async function scrape(org: string, query = "", accept = "text/plain"): Promise<string> {
  const response = await call(`/v1/orgs/${org}/metrics${query}`, { headers: { accept } });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return response.text();
}

/** Sum of a family's samples whose label block holds all of `labels`. */
export function metricSum(page: string, name: string, ...labels: string[]): number {
  let sum = 0;
  for (const line of page.split("\n")) {
    const match = /^([a-zA-Z_0-9]+)\{(.*)\} (\S+)/.exec(line);
    if (match?.[1] !== name || !labels.every((label) => match[2]?.includes(label))) continue;
    sum += Number(match[3]);
  }
  return sum;
}

export async function getJson<T>(path: string): Promise<T> {
  const response = await call(path);
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}
