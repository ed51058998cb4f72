"""An agent, `client.py <fastmcp|mcp> <http|plain> <apart|session> <calls> <errors>`: reads a URL, says what it called, ends with its input."""

import asyncio
import collections
import contextlib
import json
import random
import sys

from opentelemetry import trace
from telemetry import start_telemetry

library, http, traces, calls, errors = sys.argv[1:]
provider = start_telemetry()
if http == "http":
    from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor

    HTTPX2ClientInstrumentor().instrument()
if library == "fastmcp":
    from fastmcp import Client
else:
    from mcp.client.client import Client

TOOLS = ("search", "list_repos", "merge")
# FastMCP 4.2 leaves its server's span unset where a tool returns such a result: there is no failure to count.
FAILURES = ("exception", "tool_error") if library == "fastmcp" else ("exception", "tool_error", "result")
CONCURRENT_MAX = 6

called: collections.Counter[str] = collections.Counter()
failed: collections.Counter[str] = collections.Counter()


def plan() -> list[tuple[str, str]]:
    """Tool and failure of each call; failures lie anywhere."""
    failures = [random.choice(FAILURES) for _ in range(int(errors))]
    failures += [""] * (int(calls) - len(failures))
    random.shuffle(failures)
    return [(random.choice(TOOLS), failure) for failure in failures]


async def call(client: Client, tool: str, failure: str) -> None:
    lenient = {"raise_on_error": False} if library == "fastmcp" else {}
    result = await client.call_tool(tool, {"failure": failure}, **lenient)
    assert result.is_error == (failure != ""), (tool, failure, result)
    called[tool] += 1
    failed[tool] += result.is_error


def session() -> contextlib.AbstractContextManager:
    """An agent's own span, or none: all calls in one trace, or each in its own."""
    if traces == "apart":
        return contextlib.nullcontext()
    return trace.get_tracer("agent").start_as_current_span("invoke_agent")


async def run() -> None:
    left = plan()

    async def caller(client: Client) -> None:
        while left:
            await call(client, *left.pop())

    async with Client(sys.stdin.readline().strip()) as client:
        await client.list_tools()
        with session():
            await asyncio.gather(*(caller(client) for _ in range(CONCURRENT_MAX)))


asyncio.run(run())
print(json.dumps({"calls": called, "errors": failed}), flush=True)
sys.stdin.read()
provider.shutdown()
