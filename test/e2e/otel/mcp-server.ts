/** A real MCP server over stdio, each of its tools in a SERVER span unless MCP_UNTRACED is set. */
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { type Span, trace } from "@opentelemetry/api";
import { callAttributes, contextOf, endCall, SpanKind, startTelemetry } from "./telemetry.ts";
import { FLAKY_EVERY, TOOLS } from "./tools.ts";

const isTraced = process.env["MCP_UNTRACED"] !== "server";
const { tracer, shutdown } = startTelemetry("protobuf");
const server = new McpServer({ name: "github", version: "1.0.0" });
let flakyCalls = 0;

function run(tool: string, span: Span | null) {
  if (span !== null) traceQuery(span);
  if (tool === "flaky") flakyCalls += 1;
  const isError = tool === "flaky" && flakyCalls % FLAKY_EVERY === 0;
  if (span !== null) endCall(span, isError);
  return { content: [{ type: "text" as const, text: tool }], isError };
}

/** What is no tool call. */
function traceQuery(parent: Span): void {
  const attributes = { "db.system.name": "sqlite", "db.query.text": "SELECT 'secret'" };
  const context = trace.setSpan(contextOf(null), parent);
  tracer.startSpan("SELECT repos", { kind: SpanKind.CLIENT, attributes }, context).end();
}

for (const tool of TOOLS) {
  server.registerTool(tool, {}, ({ _meta, requestId }) => {
    if (!isTraced) return run(tool, null);
    const attributes = {
      ...callAttributes(tool, `server-${process.pid}`),
      "jsonrpc.request.id": String(requestId),
    };
    const kind = SpanKind.SERVER;
    const parent = contextOf(_meta?.["traceparent"]);
    return run(tool, tracer.startSpan(`tools/call ${tool}`, { kind, attributes }, parent));
  });
}

/** Asked for last: a client gives its server two seconds to end by itself. */
server.registerTool("shutdown", {}, async () => {
  await shutdown();
  return { content: [] };
});

await server.connect(new StdioServerTransport());
