"""What every caller and server here shares: a stock SDK, the calls to make, and the truth about them.

Where to export to, with which token and under which service name, the SDK reads from OTEL_* alone.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent

# A tool and how often it is called: one that works, one whose result is an error, one that raises, and one
# that is not there.
PLAN = {"search": 7, "flaky": 3, "crash": 2, "missing": 1}
# Agents are offered no tool that is not there.
AGENT_PLAN = {tool: times for tool, times in PLAN.items() if tool != "missing"}


def is_traced(side):
    return side in os.environ["DIALECT_SIDES"].split(",")


def start_sdk():
    """OpenTelemetry's own SDK, with its exporter over HTTP; both flush when the process ends."""
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def server_command(script):
    """The server as a child that speaks stdio, under a name of its own."""
    env = {**os.environ, "OTEL_SERVICE_NAME": "github"}
    return sys.executable, [str(HERE / script)], env


class Truth:
    def __init__(self):
        self.calls = Counter()
        self.errors = Counter()

    def add(self, tool, has_failed):
        self.calls[tool] += 1
        if has_failed:
            self.errors[tool] += 1

    async def make_calls(self, plan, call_tool):
        """`call_tool` tells whether the result is an error, or raises."""
        for tool, times in plan.items():
            for _ in range(times):
                try:
                    has_failed = await call_tool(tool)
                except Exception:
                    has_failed = True
                self.add(tool, has_failed)

    def tell(self):
        print(json.dumps({"calls": self.calls, "errors": self.errors}), flush=True)


def add_tools(server, fail):
    """Registers the tools that are there, in the way that FastMCP and both MCP SDKs have in common.

    `fail` makes a result that is an error, or raises what its framework makes one of.
    """

    @server.tool()
    def search() -> str:
        return "found"

    @server.tool()
    def flaky():
        return fail("upstream said no")

    @server.tool()
    def crash() -> str:
        raise ValueError("out of cheese")
