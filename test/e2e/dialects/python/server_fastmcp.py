"""A server of FastMCP, 3 or 4."""

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.tools import ToolResult

from kit import add_tools, is_traced, start_sdk

if is_traced("server"):
    start_sdk()
server = FastMCP("github")


def fail(text):
    raise ToolError(text)


@server.tool()
def returned():
    """Of this one FastMCP's own span on the server does not say that it failed."""
    return ToolResult(content="upstream said no", is_error=True)


add_tools(server, fail)
server.run(transport="stdio", show_banner=False)
