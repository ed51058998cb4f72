"""A stock MCP server over Streamable HTTP, `server.py <fastmcp|mcp> <http|plain>`: says its port, ends with its input."""

import asyncio
import json
import random
import socket
import sys

import uvicorn
from telemetry import start_telemetry

WORK_SECONDS_MAX = 0.04

library, http = sys.argv[1:]
provider = start_telemetry()

if library == "fastmcp":
    from fastmcp import FastMCP
    from fastmcp.exceptions import ToolError

    server = FastMCP("github")
    to_app = server.http_app
else:
    from mcp.server.mcpserver import MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp_types import CallToolResult, TextContent

    server = MCPServer("github")
    to_app = server.streamable_http_app


class RateLimited(Exception):
    """As a tool's author raises what is his own."""


async def work(failure: str):
    await asyncio.sleep(random.random() * WORK_SECONDS_MAX)
    if failure == "exception":
        raise RateLimited("5000 requests an hour are used up")
    if failure == "tool_error":
        raise ToolError("no such repository")
    if failure == "result":
        return CallToolResult(content=[TextContent(type="text", text="not found")], is_error=True)
    return "done"


@server.tool()
async def search(failure: str):
    return await work(failure)


@server.tool()
async def list_repos(failure: str):
    return await work(failure)


@server.tool()
async def merge(failure: str):
    return await work(failure)


async def serve() -> None:
    app = to_app()
    if http == "http":
        from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware

        app = OpenTelemetryMiddleware(app)
    listener = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    serving = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5))
    task = asyncio.create_task(serving.serve([listener]))
    await asyncio.to_thread(sys.stdin.read)
    serving.should_exit = True
    await task


asyncio.run(serve())
provider.shutdown()
