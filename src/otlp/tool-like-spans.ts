/**
 * Spans that look like a tool call and are taken for none: of a dialect that is not known here, or an agent's
 * own step. Their senders are told, by shape, in `GET …/observability/status`, so that no call is missed in
 * silence. It is a guess by names alone, and rather tells of one too many.
 */
import type { Attributes, Span } from "#formats/otlp/trace-model.ts";
import { asText, CONTEXTFORGE, METHOD, TOOL_MARKS, TOOLS_CALL } from "./span-attributes.ts";

/** `acme.tool_name`, `ai.toolCall.name`, `usedTool`. Many tools are a list of them, and no call of one. */
const TOOL =
  /(?:(?<![A-Za-z])[Tt]ool|(?<=[a-z\d])Tool)(?![a-z])|(?<![A-Za-z])TOOL(?![A-Za-z])|(?<![A-Za-z])(?:tools|function)[^A-Za-z\d]*call(?![a-z])/;
const FUNCTION_CALL = /functionCall(?![a-z])/;
/** But for what any span within a session may name. */
const MCP =
  /(?<![A-Za-z])mcp(?![a-z])(?![^a-z\d]*(?:session|protocol|client|server|transport|request|response|resource|prompt)(?![a-z]))/i;
/** A model's call lists tools and answers with calls to make: who makes them has spans of his own. */
const OF_MODELS = /^(?:llm|gen_ai\.(?:request|usage|prompt|completion)|ai\.(?:model|usage))\./;
/** What carries calls, and what tools do: its own names say nothing, an attribute of a tool does. */
const OF_CARRIERS = /^(?:https?|url|db|messaging)\./;
/** What kind of step a span is, in the words of its library: one that is no tool's is no call. */
const KINDS: ReadonlySet<string> = new Set([
  "gen_ai.operation.name",
  "traceloop.span.kind",
  "openinference.span.kind",
  "langfuse.observation.type",
  "langsmith.span.kind",
  "mastra.span.type",
  "spring.ai.kind",
  "ai.operationId",
]);
/** A span that is named for another method: `tools/list.mcp`, `MCP request: initialize`. */
const OTHER_METHOD =
  /(?:^|[ :])(?:initialize|ping|(?:tools|prompts|resources|completion|logging|notifications|roots|sampling|elicitation|tasks)\/(?!call\b))/i;
/** Names enough to know a shape by. */
const TELLING_MAX = 8;
/** gRPC's too, whose methods have no `/`. */
const RPC_METHOD = "rpc.method";

/**
 * Which of its attributes look like a tool call's; null where the span does not look like one. To be asked of
 * spans that are taken for no call.
 */
export function toolLikeKeys({ name, attributes }: Span): readonly string[] | null {
  if (isLeftOut(name, attributes) || isOfOtherKind(attributes)) return null;
  const keys = [...attributes.keys()];
  const telling = keys.filter((key) => subjectOf(key) !== null).slice(0, TELLING_MAX);
  if (telling.some((key) => subjectOf(key) === "tool")) return telling;
  if (telling.length === 0 && subjectOf(name) === null) return null;
  return keys.some((key) => OF_CARRIERS.test(key)) ? null : telling;
}

/** A model's step, or one that its library calls other than a tool's. */
function isOfOtherKind(attributes: Attributes): boolean {
  for (const [key, value] of attributes) {
    if (OF_MODELS.test(key)) return true;
    if (KINDS.has(key) && !/tool/i.test(String(value))) return true;
  }
  return false;
}

/** What the tables of span-attributes.ts leave out on purpose: other methods, and inner spans. */
function isLeftOut(name: string, attributes: Attributes): boolean {
  if (name.startsWith(CONTEXTFORGE.inner) || OTHER_METHOD.test(name)) return true;
  if (TOOL_MARKS.some(({ key, value }) => attributes.get(key) === value)) return true;
  if (METHOD.some((key) => isOtherMethod(attributes, key))) return true;
  const isRpc = asText(attributes.get(RPC_METHOD))?.includes("/") ?? false;
  return isRpc && isOtherMethod(attributes, RPC_METHOD);
}

function isOtherMethod(attributes: Attributes, key: string): boolean {
  const method = asText(attributes.get(key));
  return method !== null && method !== TOOLS_CALL;
}

/** By the words of a name. */
function subjectOf(name: string): "tool" | "mcp" | null {
  if (KINDS.has(name) || TOOL.test(name) || FUNCTION_CALL.test(name)) return "tool";
  return MCP.test(name) ? "mcp" : null;
}
