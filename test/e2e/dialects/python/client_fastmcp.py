"""A client of FastMCP, 3 or 4."""

import asyncio

from fastmcp import Client
from fastmcp.client.transports import StdioTransport

from kit import PLAN, Truth, is_traced, server_command, start_sdk


async def main():
    command, args, env = server_command("server_fastmcp.py")
    truth = Truth()
    async with Client(StdioTransport(command=command, args=args, env=env, keep_alive=False)) as client:

        async def call_tool(tool):
            return (await client.call_tool(tool, {}, raise_on_error=False)).is_error

        await truth.make_calls({**PLAN, "returned": 2}, call_tool)
    truth.tell()


if is_traced("client"):
    start_sdk()
asyncio.run(main())
