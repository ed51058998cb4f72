/**
 * What spans say that tools were called with and answered, where the org has that captured: by the GenAI conventions,
 * as JSON in a text. Structured values are not decoded (formats/otlp/trace-model.ts).
 */
import type { Call } from "#calls/call.ts";
import type { CallPayload } from "#calls/call-payload.ts";
import type { AttributeValue, Span } from "#formats/otlp/trace-model.ts";

const ARGUMENTS = "gen_ai.tool.call.arguments";
const RESULT = "gen_ai.tool.call.result";

export function spanPayloads(calls: ReadonlyMap<Span, Call>): CallPayload[] {
  return Array.from(calls).flatMap(([{ attributes }, { id, workspace, plugin, tool }]) => {
    const request = payloadOf(attributes.get(ARGUMENTS));
    const response = payloadOf(attributes.get(RESULT));
    if (request === null && response === null) return [];
    return [{ id, workspace, plugin, tool, request, response }];
  });
}

/** A text that is no JSON is one all the same: a tool may answer with nothing else. */
function payloadOf(value: AttributeValue | undefined): unknown {
  if (value === undefined) return null;
  if (typeof value !== "string") return typeof value === "bigint" ? String(value) : value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
