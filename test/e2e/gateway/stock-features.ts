/**
 * What an MCP client can do with a server: each gives something to compare, with what differs by itself
 * (times, ids of sessions) taken out.
 */
import { noticed, type Params, type StockSession } from "./stock-session.ts";

export interface Feature {
  name: string;
  run(session: StockSession): Promise<unknown>;
}

const CALLS_AT_ONCE = 40;
const LARGE_CHARACTERS = 1_000_000;

const LISTS = {
  tools: "tools/list",
  resources: "resources/list",
  resourceTemplates: "resources/templates/list",
  prompts: "prompts/list",
};

function asking(name: string, method: string, params: Params = {}): Feature {
  return { name, run: (session) => session.request(method, params) };
}

function calling(name: string, tool: string, args: Params = {}): Feature {
  return { name, run: (session) => session.callTool(tool, args) };
}

const ABOUT: Feature = {
  name: "what the server says of itself",
  run: async (session) => session.about(),
};
const LIST_FEATURES = Object.values(LISTS).map((method) => asking(method, method));

/** Of @modelcontextprotocol/server-everything, in the order in which one session runs them. */
export const EVERYTHING_FEATURES: readonly Feature[] = [
  ABOUT,
  asking("ping", "ping"),
  ...LIST_FEATURES,
  calling("a call", "echo", { message: "héllo, wörld ✓" }),
  calling("a call with numbers", "get-sum", { a: 0.1, b: 9_007_199_254_740_991 }),
  calling("a picture", "get-tiny-image"),
  calling("structured content", "get-structured-content", { location: "Chicago" }),
  calling("annotations", "get-annotated-message", { messageType: "error", includeImage: true }),
  calling("resource links", "get-resource-links", { count: 4 }),
  calling("an embedded resource", "get-resource-reference", {
    resourceType: "Text",
    resourceId: 2,
  }),
  calling("arguments that do not fit", "get-sum", { a: "one" }),
  calling("a tool that is not there", "no-such-tool"),
  asking("a method that is not there", "no/such-method"),
  calling("sampling, asked by the server", "trigger-sampling-request", { prompt: "six by nine?" }),
  calling("elicitation, asked by the server", "trigger-elicitation-request"),
  calling("roots, asked by the server", "get-roots-list"),
  asking("a resource's text", "resources/read", { uri: "demo://resource/dynamic/text/3" }),
  asking("a resource's bytes", "resources/read", { uri: "demo://resource/dynamic/blob/3" }),
  asking("a file", "resources/read", { uri: "demo://resource/static/document/features.md" }),
  asking("a resource that is not there", "resources/read", { uri: "demo://nowhere" }),
  asking("a prompt", "prompts/get", { name: "simple-prompt" }),
  asking("a prompt with arguments", "prompts/get", {
    name: "args-prompt",
    arguments: { city: "Zürich" },
  }),
  asking("a prompt with a resource", "prompts/get", {
    name: "resource-prompt",
    arguments: { resourceType: "Text", resourceId: "1" },
  }),
  asking("completion", "completion/complete", {
    ref: { type: "ref/prompt", name: "completable-prompt" },
    argument: { name: "name", value: "A" },
    context: { arguments: { department: "Engineering" } },
  }),
  { name: "a large answer", run: (session) => echoLarge(session, "echo", "message") },
  { name: "calls at once", run: callAtOnce },
  { name: "progress", run: (session) => longCall(session, { duration: 0.5, steps: 5 }) },
  { name: "cancellation", run: (session) => cancel(session, LONG) },
  {
    name: "a subscription",
    run: async (session) => {
      await session.request("resources/subscribe", { uri: "demo://resource/dynamic/text/1" });
      await session.callTool("toggle-subscriber-updates");
      const updated = await noticed(session, "notifications/resources/updated");
      await session.callTool("toggle-subscriber-updates");
      return [updated, await session.request("resources/unsubscribe", { uri: updated?.["uri"] })];
    },
  },
  {
    name: "a list that changed",
    run: async (session) => {
      const data = `data:text/plain;base64,${Buffer.from("some text").toString("base64")}`;
      const result = await session.callTool("gzip-file-as-resource", { name: "a.gz", data });
      await noticed(session, "notifications/resources/list_changed");
      return Object.keys(result);
    },
  },
  {
    name: "logging",
    run: async (session) => {
      await session.request("logging/setLevel", { level: "debug" });
      session.notified.length = 0;
      await session.callTool("toggle-simulated-logging");
      const said = await noticed(session, "notifications/message");
      await session.callTool("toggle-simulated-logging");
      return Object.keys(said ?? {}).sort();
    },
  },
  {
    // How often it asks for roots is its timer's doing.
    name: "what the server asked",
    run: async ({ asked }) => [...new Set(asked.map(({ method }) => method))].sort(),
  },
  { name: "the end of a session", run: endSession },
];

const LONG = { name: "trigger-long-running-operation", args: { duration: 2, steps: 20 } };

const PROGRESS = { name: "progress", run: (session: StockSession) => stepByStep(session) };

/** Of the fixture on SDK 1.x, whose streams can be resumed (server-everything's event store loses what follows). */
export const RESUMABLE_FEATURES: readonly Feature[] = [
  ABOUT,
  ...LIST_FEATURES,
  PROGRESS,
  { name: "resumption", run: resume },
  calling("a stream that its server ends early", "test_reconnection"),
  calling("sampling, asked by the server", "test_sampling", { prompt: "six by nine?" }),
  calling("elicitation, asked by the server", "test_elicitation", { message: "Who?" }),
  { name: "logging", run: logThrice },
  { name: "cancellation", run: (session) => cancel(session, { name: "test_tool_with_progress" }) },
  { name: "the end of a session", run: endSession },
];

/** Of the fixture on @modelcontextprotocol/server, in 2026-07-28. */
export const MODERN_FEATURES: readonly Feature[] = [
  ABOUT,
  asking("server/discover", "server/discover"),
  ...LIST_FEATURES,
  ...["simple_text", "image_content", "audio_content", "embedded_resource", "error_handling"].map(
    (tool) => calling(`a call of ${tool}`, `test_${tool}`),
  ),
  calling("an argument in a header", "test_x_mcp_header", { region: "zürich ✓", level: 1 }),
  calling("a tool that is not there", "no-such-tool"),
  asking("a method that is not there", "no/such-method"),
  ...[
    ...["elicitation", "sampling", "list_roots", "request_state", "multiple_inputs"],
    ...["multi_round", "capabilities", "tampered_state"],
  ].map((rounds) => calling(`rounds: ${rounds}`, `test_input_required_result_${rounds}`)),
  {
    name: "rounds of a prompt",
    run: ({ client }) =>
      (client as { getPrompt(params: Params): Promise<unknown> }).getPrompt({
        name: "test_input_required_result_prompt",
      }),
  },
  asking("a resource's text", "resources/read", { uri: "test://static-text" }),
  asking("a template's text", "resources/read", { uri: "test://template/7/data" }),
  asking("a resource that is not there", "resources/read", { uri: "test://nowhere" }),
  asking("a prompt with arguments", "prompts/get", {
    name: "test_prompt_with_arguments",
    arguments: { arg1: "a", arg2: "ü" },
  }),
  asking("completion", "completion/complete", {
    ref: { type: "ref/prompt", name: "test_simple_prompt" },
    argument: { name: "arg1", value: "A" },
  }),
  {
    name: "a large answer",
    run: (session) => echoLarge(session, "json_schema_2020_12_tool", "email"),
  },
  PROGRESS,
  { name: "cancellation", run: (session) => cancel(session, { name: "test_tool_with_progress" }) },
  { name: "a subscription", run: listenForTools },
  {
    name: "what the server asked",
    run: async ({ asked }) => asked.map(({ method }) => method),
  },
];

async function echoLarge(session: StockSession, tool: string, argument: string) {
  const large = "0123456789".repeat(LARGE_CHARACTERS / 10);
  const result = await session.callTool(tool, { [argument]: large });
  const text = JSON.stringify(result);
  return [text.length, text.includes(large)];
}

/** Each gets its own answer. */
async function callAtOnce(session: StockSession) {
  const numbers = Array.from({ length: CALLS_AT_ONCE }, (_, number) => number);
  const results = await Promise.all(
    numbers.map((number) => session.callTool("echo", { message: `call ${number}.` })),
  );
  return numbers.filter((number) => JSON.stringify(results[number]).includes(`call ${number}.`))
    .length;
}

async function longCall(session: StockSession, args: Params) {
  const seen: number[] = [];
  const onprogress = ({ progress }: { progress: number }) => void seen.push(progress);
  const result = await session.callTool(LONG.name, args, { onprogress });
  return [seen, result];
}

async function cancel(session: StockSession, { name, args }: { name: string; args?: Params }) {
  const stop = new AbortController();
  const onprogress = () => stop.abort();
  const called = session.callTool(name, args, { onprogress, signal: stop.signal });
  const end = await called.then(
    () => "answered",
    () => "stopped",
  );
  return [end, (await session.request("tools/list"))["tools"] !== undefined];
}

/** The stream of a call breaks, and its answer comes on the next one. */
async function resume(session: StockSession) {
  const { fetching } = session;
  fetching.cutAfter = '"progress":0';
  const seen = await stepByStep(session);
  const resumed = fetching.requests.filter(({ lastEventId }) => lastEventId !== null).length;
  return [seen, fetching.cuts, resumed > 0];
}

async function stepByStep(session: StockSession) {
  const seen: number[] = [];
  const onprogress = ({ progress }: { progress: number }) => void seen.push(progress);
  const result = await session.callTool("test_tool_with_progress", {}, { onprogress });
  return [seen, Object.keys(result)];
}

async function logThrice(session: StockSession) {
  session.notified.length = 0;
  const result = await session.callTool("test_tool_with_logging");
  return [session.notified, result];
}

async function endSession(session: StockSession) {
  await session.terminate();
  return session.request("tools/list").then(
    () => "goes on",
    () => "ended",
  );
}

async function listenForTools(session: StockSession) {
  const client = session.client as {
    listen(filter: Params): Promise<{ honoredFilter: Params; close(): Promise<void> }>;
  };
  const subscription = await client.listen({ toolsListChanged: true });
  session.notified.length = 0;
  await session.callTool("test_trigger_prompt_change");
  await session.callTool("test_trigger_tool_change");
  await noticed(session, "notifications/tools/list_changed");
  await subscription.close();
  return [subscription.honoredFilter, session.notified.map(({ method }) => method)];
}

/** Text of an outcome, without what differs from one run to the next. */
export async function outcomeOf({ run }: Feature, session: StockSession): Promise<string> {
  const outcome = await run(session).then(
    (value) => ({ value }),
    ({ code, message }: { code?: number; message: string }) => ({ error: [code, message] }),
  );
  return JSON.stringify(outcome, sorted)
    .replaceAll(/\d{1,2}:\d\d:\d\d( [AP]M)?/g, "<time>")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>")
    .replaceAll(/"(blob|elicitationId|requestState)":"[^"]+"/g, '"$1":"<…>"');
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
