/** What a gateway reports of an org's calls, and what a scraper reads of them. In workerd. */
import { requireStatus } from "./answers.ts";
import { call } from "./deployment.ts";
import { newId } from "./new-id.ts";

export type SampleFields = Record<string, unknown>;

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

export function postCalls(
  org: string,
  invocations: readonly unknown[],
  fields: Record<string, unknown> = {},
): Promise<Response> {
  const body = { instance_id: "gw-1", ...fields, invocations };
  return call("POST", `/v1/orgs/${org}/invocations`, { body });
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
  return (await requireStatus(200, postCalls(org, invocations, fields))).json();
}

export async function scrape(org: string, query = "", accept = "text/plain"): Promise<string> {
  const answer = call("GET", `/v1/orgs/${org}/metrics${query}`, { headers: { accept } });
  return (await requireStatus(200, answer)).text();
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
