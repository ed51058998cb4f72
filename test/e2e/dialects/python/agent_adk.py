"""An agent of Google ADK, whose model asks for each tool in turn; ADK's own spans, a server of the MCP SDK."""

import asyncio

from google.adk.agents import LlmAgent
from google.adk.models import BaseLlm, LlmResponse
from google.adk.runners import InMemoryRunner
from google.adk.tools.mcp_tool import McpToolset
from google.adk.tools.mcp_tool.mcp_session_manager import StdioConnectionParams
from google.genai import types
from mcp import StdioServerParameters

from kit import AGENT_PLAN, Truth, is_traced, server_command, start_sdk

TO_CALL = [tool for tool, times in AGENT_PLAN.items() for _ in range(times)]


class Scripted(BaseLlm):
    """A model that knows its lines."""

    async def generate_content_async(self, llm_request, stream=False):
        made = sum(
            1 for content in llm_request.contents for part in content.parts if part.function_response
        )
        if made < len(TO_CALL):
            part = types.Part(function_call=types.FunctionCall(name=TO_CALL[made], args={}))
        else:
            part = types.Part(text="done")
        yield LlmResponse(content=types.Content(role="model", parts=[part]))


async def main():
    command, args, env = server_command("server_mcp.py")
    server = StdioServerParameters(command=command, args=args, env=env)
    toolset = McpToolset(connection_params=StdioConnectionParams(server_params=server, timeout=60))
    agent = LlmAgent(name="agent", model=Scripted(model="scripted"), tools=[toolset])
    runner = InMemoryRunner(agent=agent, app_name="app")
    session = await runner.session_service.create_session(app_name="app", user_id="user")
    message = types.Content(role="user", parts=[types.Part(text="go")])
    truth = Truth()
    events = runner.run_async(user_id="user", session_id=session.id, new_message=message)
    async for event in events:
        for response in event.get_function_responses():
            result = response.response
            truth.add(response.name, bool(result.get("isError") or result.get("error")))
    await toolset.close()
    truth.tell()


if is_traced("client"):
    start_sdk()
asyncio.run(main())
