/** What the suites of `npm start` report, and how they read it back. */
import type { NpmStart } from "./npm-start.ts";

const ORG = "/v1/orgs/default";

/** One call, counted once however often it is sent. */
export async function reportCall(start: NpmStart, batchId: string): Promise<Response> {
  const call = {
    workspace: "prod",
    plugin: "github",
    tool: "list_repos",
    started_at: Date.now(),
    duration_ms: 84.2,
    outcome: "ok",
  };
  const body = { instance_id: "gw-1", batch_id: batchId, invocations: [call] };
  return start.send("POST", `${ORG}/invocations`, {
    token: await start.token("local-token"),
    body,
  });
}

/** The series' total, as a scrape tells it. */
export async function countedCalls(start: NpmStart): Promise<number> {
  const token = await start.token("prometheus-token");
  const page = await (await start.send("GET", `${ORG}/metrics`, { token })).text();
  const series =
    /^mcpg_tool_calls_total\{org="default",workspace="prod",plugin="github",tool="list_repos"\} (\d+)$/m;
  return Number(series.exec(page)?.[1]);
}

export async function recordDenial(start: NpmStart, eventId: string): Promise<Response> {
  const event = {
    event_id: eventId,
    actor: "user:alice@acme",
    action: "tool.call.denied",
    outcome: "denied",
    target: "tool://github/delete_repo",
  };
  const body = { instance_id: "gw-1", events: [event] };
  return start.send("POST", `${ORG}/audit`, { token: await start.token("local-token"), body });
}

export async function denials(start: NpmStart): Promise<string[]> {
  const path = `${ORG}/audit?action_prefix=tool.&limit=1000`;
  const response = await start.send("GET", path, { token: await start.token("local-token") });
  const { events } = (await response.json()) as { events: { event: { event_id: string } }[] };
  return events.map(({ event }) => event.event_id);
}

export async function isSigned(start: NpmStart): Promise<boolean> {
  const path = `${ORG}/audit/log/checkpoint`;
  return (await start.send("GET", path, { token: await start.token("local-token") })).ok;
}
