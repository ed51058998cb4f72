/** Who calls in the demo: real SDK clients, of both eras, each with its own token and habits; some actors have two. */
import { setTimeout as delay } from "node:timers/promises";
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Tally } from "./tally.ts";

export type Plugin = "everything" | "tickets" | "github";
type Call = (tool: string, args: Record<string, unknown>) => Promise<{ isError?: boolean }>;

interface Actor {
  actor: string;
  plugin: Plugin;
  sdk: "sdk 1.x" | "client 2.x, legacy" | "client 2.x, modern";
  /** Between two calls. */
  restMs: number;
  tools: readonly [tool: string, args: Record<string, unknown>][];
}

const TICKETS = [
  "search_tickets",
  "close_ticket",
  "export_report",
  "sync_mailbox",
  "ticket_status",
];
const EVERYTHING: Actor["tools"] = [
  ["echo", { message: "hello" }],
  ["get-sum", { a: 2, b: 40 }],
  ["get-structured-content", { location: "Chicago" }],
  ["get-tiny-image", {}],
  ["trigger-long-running-operation", { duration: 0.6, steps: 3 }],
];

export const ACTORS: readonly Actor[] = [
  {
    actor: "user:alice@acme",
    plugin: "tickets",
    sdk: "client 2.x, modern",
    restMs: 250,
    tools: ticketTools("delete_ticket"),
  },
  {
    actor: "user:bob@acme",
    plugin: "everything",
    sdk: "sdk 1.x",
    restMs: 200,
    tools: EVERYTHING,
  },
  {
    actor: "service:nightly-report",
    plugin: "tickets",
    sdk: "client 2.x, legacy",
    restMs: 400,
    tools: ticketTools("export_report"),
  },
  {
    actor: "agent:planner",
    plugin: "tickets",
    sdk: "client 2.x, modern",
    restMs: 120,
    // It may not, and tries.
    tools: ticketTools("delete_ticket"),
  },
  {
    actor: "agent:coder",
    plugin: "everything",
    sdk: "client 2.x, legacy",
    restMs: 150,
    tools: [...EVERYTHING, ["no-such-tool", {}]],
  },
  // Of the two that delete repositories the first may not.
  ...["user:alice@acme", "user:bob@acme"].map(
    (actor): Actor => ({
      actor,
      plugin: "github",
      sdk: "client 2.x, modern",
      restMs: 700,
      tools: [
        ["list_repos", {}],
        ["delete_repo", { query: "website" }],
      ],
    }),
  ),
];

const INFO = { name: "mcpg-demo", version: "1.0.0" };
const MODERN = "2026-07-28";

/** Until told to stop. */
export async function act(
  actor: Actor,
  { url, token }: { url: string; token: string },
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const { call, close } = await connect(actor.sdk, new URL(url), { token, signal });
  while (!signal.aborted) {
    const [tool, args] = actor.tools[Math.floor(Math.random() * actor.tools.length)] ?? ["", {}];
    await call(tool, args).then(
      ({ isError = false }) => tally.count(isError ? "failed" : "answered"),
      // What the demo's own end cancels is nobody's failure.
      (error: { code?: number }) => signal.aborted || tally.countError(error.code),
    );
    const restMs = actor.restMs * (0.5 + Math.random());
    await delay(restMs, undefined, { signal }).catch(() => undefined);
  }
  await close().catch(() => undefined);
}

async function connect(
  sdk: Actor["sdk"],
  url: URL,
  { token, signal }: { token: string; signal: AbortSignal },
): Promise<{ call: Call; close(): Promise<void> }> {
  const options = { requestInit: { headers: { authorization: `Bearer ${token}` } } };
  // Who wants to know of progress gets a stream.
  const wanted = { onprogress: () => undefined, signal };
  if (sdk === "sdk 1.x") {
    const client = new LegacyClient(INFO);
    await client.connect(new LegacyTransport(url, options) as never);
    const call: Call = (name, args) =>
      client.callTool({ name, arguments: args }, undefined, wanted) as ReturnType<Call>;
    return { call, close: () => client.close() };
  }
  const mode = sdk === "client 2.x, modern" ? { pin: MODERN } : ("legacy" as const);
  const client = new ModernClient(INFO, { versionNegotiation: { mode } });
  await client.connect(new ModernTransport(url, options));
  const call: Call = (name, args) =>
    client.callTool({ name, arguments: args }, wanted) as ReturnType<Call>;
  return { call, close: () => client.close() };
}

function ticketTools(favourite: string): Actor["tools"] {
  return [...TICKETS, favourite].map((tool) => [tool, { query: "printer" }]);
}
