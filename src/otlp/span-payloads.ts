/**
 * What spans say that tools were called with and answered, where the org has that captured: by the GenAI conventions,
 * as JSON in a text. Structured values are not decoded (formats/otlp/trace-model.ts).
 */
import type { Call } from "#calls/call.ts";
import type { CallPayload } from "#calls/call-payload.ts";
import type { AttributeValue, Span } from "#formats/otlp/trace-model.ts";

const ARGUMENTS = "gen_ai.tool.call.arguments";
const RESULT = "gen_ai.tool.call.result";

/**
 * Each of the call that its span is counted as, `countedAs` by another's if it is there: what the server's own span says
 * goes before what its callers' do.
 */
export function spanPayloads(
  calls: ReadonlyMap<Span, Call>,
  countedAs: ReadonlyMap<Call, Call>,
): CallPayload[] {
  const payloads = new Map<Call, CallPayload>();
  for (const [{ attributes }, told] of calls) {
    const request = payloadOf(attributes.get(ARGUMENTS));
    const response = payloadOf(attributes.get(RESULT));
    if (request === null && response === null) continue;
    const call = countedAs.get(told) ?? told;
    const { id, workspace, plugin, tool } = call;
    const own = { id, workspace, plugin, tool, request, response };
    const other = payloads.get(call);
    payloads.set(call, told === call ? filledUp(own, other) : filledUp(other ?? own, own));
  }
  return [...payloads.values()];
}

function filledUp(payload: CallPayload, other: CallPayload | undefined): CallPayload {
  const request = payload.request ?? other?.request ?? null;
  return { ...payload, request, response: payload.response ?? other?.response ?? null };
}

/** A text that is no JSON is one all the same: a tool may answer with nothing else. So is a number that has no equal. */
function payloadOf(value: AttributeValue | undefined): unknown {
  if (value === undefined) return null;
  if (typeof value !== "string") return typeof value === "bigint" ? String(value) : value;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === "number" && String(parsed) !== value ? value : parsed;
  } catch {
    return value;
  }
}
