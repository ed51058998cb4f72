/** A real MCP client: `mcp-client.ts <calls>` makes them, in CLIENT spans unless MCP_UNTRACED is set; prints what it called. */
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { callAttributes, endCall, SpanKind, startTelemetry, traceparentOf } from "./telemetry.ts";
import { type Called, TOOLS } from "./tools.ts";

const CONCURRENT_MAX = 16;
const SHUTDOWN_MS_MAX = 300_000;

const isTraced = process.env["MCP_UNTRACED"] !== "client";
const { tracer, shutdown } = startTelemetry("json");
const called: Called = { calls: {}, errors: {} };

async function callTool(client: Client, name: string): Promise<void> {
  const attributes = callAttributes(name, `client-${process.pid}`);
  const span = isTraced
    ? tracer.startSpan(`tools/call ${name}`, { kind: SpanKind.CLIENT, attributes })
    : null;
  const meta = span === null ? {} : { _meta: { traceparent: traceparentOf(span) } };
  const { isError } = await client.callTool({ name, ...meta });
  if (span !== null) endCall(span, isError === true);
  called.calls[name] = (called.calls[name] ?? 0) + 1;
  if (isError) called.errors[name] = (called.errors[name] ?? 0) + 1;
}

const client = new Client({ name: "agent", version: "1.0.0" });
const env = process.env as Record<string, string>;
const args = [join(import.meta.dirname, "mcp-server.ts")];
await client.connect(new StdioClientTransport({ command: process.execPath, args, env }));
await client.listTools();
let left = Number(process.argv[2]);
const caller = async () => {
  for (; left > 0; ) {
    left -= 1;
    await callTool(client, TOOLS[left % TOOLS.length] ?? "search");
  }
};
await Promise.all(Array.from({ length: CONCURRENT_MAX }, caller));
await shutdown();
await client.callTool({ name: "shutdown" }, undefined, { timeout: SHUTDOWN_MS_MAX });
await client.close();
console.log(JSON.stringify(called));
