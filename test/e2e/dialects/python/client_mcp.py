"""A client of the MCP SDK: 2 has spans of its own, 1 those of whoever instruments it."""

import asyncio
import os

from kit import PLAN, Truth, is_traced, server_command, start_sdk

INSTRUMENTED_BY = os.environ.get("DIALECT_INSTRUMENTED_BY")

if is_traced("client"):
    if INSTRUMENTED_BY == "logfire":
        import logfire

        logfire.configure(send_to_logfire=False, console=False)
        logfire.instrument_mcp()
    else:
        start_sdk()
    if INSTRUMENTED_BY == "openllmetry":
        from opentelemetry.instrumentation.mcp import McpInstrumentor

        McpInstrumentor().instrument()

from mcp import ClientSession, StdioServerParameters  # noqa: E402
from mcp.client.stdio import stdio_client  # noqa: E402


async def main():
    command, args, env = server_command("server_mcp.py")
    truth = Truth()
    server = StdioServerParameters(command=command, args=args, env=env)
    async with stdio_client(server) as streams, ClientSession(*streams) as session:
        await session.initialize()

        async def call_tool(tool):
            result = await session.call_tool(tool, {})
            return result.model_dump(by_alias=True).get("isError") is True

        await truth.make_calls(PLAN, call_tool)
    truth.tell()


asyncio.run(main())
