"""A server of the MCP SDK: 2 has spans of its own, 1 those of whoever instruments it."""

import os

from kit import add_tools, is_traced, start_sdk

INSTRUMENTED_BY = os.environ.get("DIALECT_INSTRUMENTED_BY")

if is_traced("server"):
    if INSTRUMENTED_BY == "logfire":
        import logfire

        logfire.configure(send_to_logfire=False, console=False)
        logfire.instrument_mcp()
    else:
        start_sdk()
    if INSTRUMENTED_BY == "openllmetry":
        from opentelemetry.instrumentation.mcp import McpInstrumentor

        McpInstrumentor().instrument()
    if INSTRUMENTED_BY == "openinference":
        from openinference.instrumentation.mcp import MCPInstrumentor

        MCPInstrumentor().instrument()

from mcp.types import CallToolResult, TextContent  # noqa: E402

try:
    from mcp.server.mcpserver import MCPServer as Server  # mcp 2
except ModuleNotFoundError:
    from mcp.server.fastmcp import FastMCP as Server


def fail(text):
    return CallToolResult(**{"isError": True}, content=[TextContent(type="text", text=text)])


server = Server("github")
add_tools(server, fail)
server.run()
