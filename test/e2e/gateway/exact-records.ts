/** What the public API tells of calls that went through the gateway, by plugin. */
import type { Gateway } from "./gateway.ts";

export interface SampleRow {
  id: string;
  plugin: string;
  tool: string;
  outcome: string;
  error_code: string | null;
  trace_id: string | null;
  span_id: string | null;
  parent_span_id: string | null;
}

export interface EntryRow {
  action: string;
  outcome: string;
  invocation_id: string | null;
  trace_id: string | null;
  recorded_at: string;
}

export interface SpanRow {
  span_id: string;
  parent_span_id: string | null;
  kind: string;
  name: string;
}

const PAGE = 1_000;

/** All samples of the org's calls. */
export async function readSamples(gateway: Gateway): Promise<SampleRow[]> {
  return readAll<SampleRow>(gateway, "/invocations?", "invocations");
}

/** All of its calls' entries. */
export async function readEntries(gateway: Gateway): Promise<EntryRow[]> {
  const path = "/audit?action_prefix=tool.call.&";
  return (await readAll<{ event: EntryRow }>(gateway, path, "events")).map(({ event }) => event);
}

export async function readSpans(gateway: Gateway, id: string): Promise<SpanRow[]> {
  const path = `${gateway.path}/invocations/${id}/trace`;
  return (await gateway.client.json<{ spans: SpanRow[] }>("GET", path)).spans;
}

async function readAll<Row>(gateway: Gateway, path: string, items: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor = ""; ; ) {
    const page = await gateway.client.json<Record<string, unknown>>(
      "GET",
      `${gateway.path}${path}limit=${PAGE}${cursor}`,
    );
    rows.push(...(page[items] as Row[]));
    const next = page["next_cursor"];
    if (typeof next !== "string") return rows;
    cursor = `&cursor=${encodeURIComponent(next)}`;
  }
}
