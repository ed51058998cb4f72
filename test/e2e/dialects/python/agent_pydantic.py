"""An agent of pydantic-ai, instrumented by Logfire, with a function in its model's place."""

import asyncio

from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelResponse, RetryPromptPart, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import FunctionModel

from kit import AGENT_PLAN, Truth, is_traced, server_command

TO_CALL = [tool for tool, times in AGENT_PLAN.items() for _ in range(times)]


def answers(messages):
    parts = (part for message in messages for part in message.parts)
    return [part for part in parts if isinstance(part, (ToolReturnPart, RetryPromptPart))]


def next_call(messages, _info):
    made = len(answers(messages))
    if made < len(TO_CALL):
        return ModelResponse(parts=[ToolCallPart(TO_CALL[made], {})])
    return ModelResponse(parts=[TextPart("done")])


async def main():
    command, args, env = server_command("server_mcp.py")
    transport = StdioTransport(command=command, args=args, env=env, keep_alive=False)
    toolset = MCPToolset(transport, max_retries=99, init_timeout=60)
    agent = Agent(FunctionModel(next_call), toolsets=[toolset])
    async with agent:
        result = await agent.run("go")
    truth = Truth()
    for part in answers(result.all_messages()):
        truth.add(part.tool_name, has_failed=part.tool_name != "search")
    truth.tell()


if is_traced("client"):
    import logfire

    logfire.configure(send_to_logfire=False, console=False)
    logfire.instrument_pydantic_ai()
asyncio.run(main())
