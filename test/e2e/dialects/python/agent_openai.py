"""An agent of OpenAI's SDK with a model that knows its lines, instrumented by OpenLLMetry or OpenInference."""

import asyncio
import os

from agents import Agent, ModelResponse, Runner, Usage
from agents.items import ToolCallOutputItem
from agents.mcp import MCPServerStdio
from agents.models.interface import Model
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

from kit import AGENT_PLAN, Truth, is_traced, server_command, start_sdk

TO_CALL = [tool for tool, times in AGENT_PLAN.items() for _ in range(times)]


class Scripted(Model):
    def __init__(self):
        self.turn = 0

    async def get_response(self, *args, **kwargs):
        self.turn += 1
        return ModelResponse(output=[self.output()], usage=Usage(), response_id=None)

    def output(self):
        if self.turn <= len(TO_CALL):
            tool = TO_CALL[self.turn - 1]
            return ResponseFunctionToolCall(
                type="function_call", call_id=f"call_{self.turn}", name=tool, arguments="{}"
            )
        text = ResponseOutputText(type="output_text", text="done", annotations=[])
        return ResponseOutputMessage(
            id="message", type="message", role="assistant", status="completed", content=[text]
        )

    def stream_response(self, *args, **kwargs):
        raise NotImplementedError


def instrument():
    start_sdk()
    if os.environ["DIALECT_INSTRUMENTED_BY"] == "openllmetry":
        from opentelemetry.instrumentation.mcp import McpInstrumentor
        from opentelemetry.instrumentation.openai_agents import OpenAIAgentsInstrumentor

        McpInstrumentor().instrument()
        OpenAIAgentsInstrumentor().instrument()
    else:
        from openinference.instrumentation.mcp import MCPInstrumentor
        from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor

        MCPInstrumentor().instrument()
        OpenAIAgentsInstrumentor().instrument()


async def main():
    command, args, env = server_command("server_mcp.py")
    params = {"command": command, "args": args, "env": env}
    truth = Truth()
    async with MCPServerStdio(params=params, client_session_timeout_seconds=60) as server:
        agent = Agent(name="agent", model=Scripted(), mcp_servers=[server])
        result = await Runner.run(agent, "go", max_turns=len(TO_CALL) + 2)
    outputs = [item for item in result.new_items if isinstance(item, ToolCallOutputItem)]
    for tool, output in zip(TO_CALL, outputs, strict=True):
        truth.add(tool, has_failed=tool != "search")
    truth.tell()


if is_traced("client"):
    instrument()
asyncio.run(main())
