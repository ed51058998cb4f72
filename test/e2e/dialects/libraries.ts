/** Which libraries are run, as who, and whose name their calls have to be counted under. */

/** A virtual environment each: those that cannot stand in one. */
export type Environment = "mcp1" | "mcp2" | "adk";

/** Who exports: with both sides' spans a call has to be counted once, under its server. */
export type Side = "client" | "server";

export interface Library {
  /** As the table shows it; the version is that of the first package. */
  readonly name: string;
  readonly packages: readonly string[];
  readonly environment: Environment;
  readonly script: string;
  /** Who makes its spans, where it does not itself. */
  readonly instrumentedBy?: string;
  readonly sides: readonly (readonly Side[])[];
  /** Tools of whose failures the library's own spans say nothing, where no other side's are counted. */
  readonly untold?: Readonly<Partial<Record<Side, readonly string[]>>>;
  /** Its spans on the server name no tool: a call is its caller's. */
  readonly isCallersAlone?: boolean;
}

const EITHER: readonly (readonly Side[])[] = [["client", "server"], ["client"], ["server"]];
/** Agents' servers are the MCP SDK's, which have a run of their own. */
const AGENTS: readonly (readonly Side[])[] = [["client", "server"], ["client"]];

export const LIBRARIES: readonly Library[] = [
  {
    name: "FastMCP 3",
    packages: ["fastmcp", "mcp"],
    environment: "mcp1",
    script: "client_fastmcp.py",
    sides: EITHER,
    // A tool's ToolResult(is_error=True), where ToolError is told.
    untold: { server: ["returned"] },
  },
  {
    name: "FastMCP 4",
    packages: ["fastmcp", "mcp"],
    environment: "mcp2",
    script: "client_fastmcp.py",
    sides: EITHER,
    // A tool's ToolResult(is_error=True), where ToolError is told.
    untold: { server: ["returned"] },
  },
  {
    name: "MCP SDK 2",
    packages: ["mcp"],
    environment: "mcp2",
    script: "client_mcp.py",
    sides: EITHER,
    // A client's span has JSON-RPC errors alone: a result that is an error is no such.
    untold: { client: ["flaky", "crash", "missing"] },
  },
  {
    name: "Logfire, MCP",
    packages: ["logfire", "mcp"],
    environment: "mcp1",
    script: "client_mcp.py",
    instrumentedBy: "logfire",
    sides: EITHER,
  },
  {
    name: "Logfire, pydantic-ai",
    packages: ["logfire", "pydantic-ai-slim", "mcp"],
    environment: "mcp2",
    script: "agent_pydantic.py",
    sides: AGENTS,
  },
  {
    name: "OpenLLMetry, MCP",
    packages: ["opentelemetry-instrumentation-mcp", "mcp"],
    environment: "mcp1",
    script: "client_mcp.py",
    instrumentedBy: "openllmetry",
    sides: [["client", "server"], ["client"]],
    isCallersAlone: true,
  },
  {
    name: "OpenLLMetry, OpenAI's agents",
    packages: ["opentelemetry-instrumentation-openai-agents", "openai-agents"],
    environment: "mcp1",
    script: "agent_openai.py",
    instrumentedBy: "openllmetry",
    sides: [["client"]],
  },
  {
    name: "OpenInference, OpenAI's agents",
    packages: ["openinference-instrumentation-openai-agents", "openai-agents"],
    environment: "mcp1",
    script: "agent_openai.py",
    instrumentedBy: "openinference",
    sides: [["client"]],
    // The agents' SDK makes a text of a result, and ends its span well.
    untold: { client: ["flaky", "crash"] },
  },
  {
    name: "Google ADK",
    packages: ["google-adk", "mcp"],
    environment: "adk",
    script: "agent_adk.py",
    sides: AGENTS,
  },
];
