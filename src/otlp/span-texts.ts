/**
 * What a span tells in JSON within an attribute: instrumentations that record a call whole leave the tool's
 * name in the request's text, and its failure in the result's alone (MCP, CallToolResult.isError).
 */
import type { Attributes } from "#formats/otlp/trace-model.ts";
import { REQUEST_TEXT, RESULT_TEXT, TOOLS_CALL } from "./span-attributes.ts";

/** A long result is parsed only where it can hold a flag: most calls do not fail. */
const MAY_BE_ERROR = /"isError"\s*:\s*true/;

/** The tool that a JSON-RPC request of `tools/call` names; null where there is none. */
export function toolOfRequestText(attributes: Attributes): string | null {
  const request = firstObject(attributes, REQUEST_TEXT);
  if (request === null || request["method"] !== TOOLS_CALL) return null;
  const { name } = asObject(request["params"]) ?? {};
  return typeof name === "string" && name !== "" ? name : null;
}

/** True where a result says `isError`, itself or within a JSON-RPC answer. */
export function isErrorResult(attributes: Attributes): boolean {
  for (const key of RESULT_TEXT) {
    const text = attributes.get(key);
    if (typeof text !== "string" || !MAY_BE_ERROR.test(text)) continue;
    const result = parsedObject(text);
    const inner = asObject(result?.["result"]);
    if (result?.["isError"] === true || inner?.["isError"] === true) return true;
  }
  return false;
}

type TextObject = Record<string, unknown>;

function firstObject(attributes: Attributes, keys: readonly string[]): TextObject | null {
  for (const key of keys) {
    const text = attributes.get(key);
    const object =
      typeof text === "string" && text.includes(TOOLS_CALL) ? parsedObject(text) : null;
    if (object !== null) return object;
  }
  return null;
}

/** Texts are cut by their senders: what is no JSON any more says nothing. */
function parsedObject(text: string): TextObject | null {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return null;
  }
}

function asObject(value: unknown): TextObject | null {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as TextObject) : null;
}
