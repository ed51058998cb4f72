/**
 * `Mcp-Method`, `Mcp-Name` and `Mcp-Param-*`, which repeat parts of a body for those who route by them (SEP-2243).
 *
 * In the modern era they are demanded and must be what the body says. In the legacy era nobody sends them, so
 * none is missed; but one that is there must not contradict the body: something before us may have let the
 * request pass for it.
 */
import type { RequestFault } from "./check-version.ts";
import { argumentAt, type HeaderAnnotation, headerAnnotations } from "./header-annotations.ts";
import { decodeHeaderText, encodeHeaderText, HEADER_LENGTH_MAX } from "./header-text.ts";
import type { RpcMessage } from "./judge-body.ts";
import { eraOf, headerValue } from "./protocol-version.ts";

/** Told to the caller with status 400. It names the header, never a value. */
export interface HeaderMismatch extends RequestFault {
  readonly code: -32020;
  readonly header: string;
}

const METHOD_HEADER = "mcp-method";
const NAME_HEADER = "mcp-name";
const PARAM_PREFIX = "mcp-param-";

/** All of them together, names included: half of what the headers of a request may be at most front servers. */
const PARAM_HEADERS_LENGTH_MAX = 2 * HEADER_LENGTH_MAX;

/** Of SEP-2243, and of SEP-2663 for tasks: whose `name` the header repeats. */
const NAMED_METHODS: ReadonlySet<string> = new Set([
  ...["tools/call", "prompts/get", "resources/read"],
  ...["tasks/get", "tasks/update", "tasks/cancel"],
]);

/** `inputSchema` is that of the tool that is called, null where there is none or it is not known. */
export function checkRequestHeaders(
  headers: Headers,
  message: RpcMessage,
  inputSchema: object | null,
): HeaderMismatch | null {
  if (message.method === null) return null;
  const isDemanded = message.kind === "request" && eraOf(message.version) === "modern";
  return (
    methodMismatch(headers, message.method, isDemanded) ??
    nameMismatch(headers, message, isDemanded) ??
    sizeMismatch(headers) ??
    paramMismatch(headers, message, inputSchema, isDemanded)
  );
}

/** Its value is never encoded: a method that no field value can hold has no header, and is no method of MCP. */
function methodMismatch(
  headers: Headers,
  method: string,
  isDemanded: boolean,
): HeaderMismatch | null {
  const value = headerValue(headers, METHOD_HEADER);
  if (value === null) return isDemanded ? mismatch("Mcp-Method", "is missing") : null;
  return value === method ? null : mismatch("Mcp-Method", "does not match the method");
}

/** A request that names nothing has nothing to be compared: its method's own checks say so. */
function nameMismatch(
  headers: Headers,
  { method, name }: RpcMessage,
  isDemanded: boolean,
): HeaderMismatch | null {
  if (method === null || name === null || !NAMED_METHODS.has(method)) return null;
  const value = headerValue(headers, NAME_HEADER);
  if (value === null) return isDemanded ? mismatch("Mcp-Name", "is missing") : null;
  const text = decodeHeaderText(value);
  if (text === null) return mismatch("Mcp-Name", "has a value that cannot be read");
  return text === name ? null : mismatch("Mcp-Name", "does not match the body");
}

/** Before any is decoded, and of those that no tool asks for too: they are passed on. */
function sizeMismatch(headers: Headers): HeaderMismatch | null {
  let length = 0;
  for (const [name, value] of headers) {
    if (name.startsWith(PARAM_PREFIX)) length += name.length + value.length;
  }
  if (length <= PARAM_HEADERS_LENGTH_MAX) return null;
  return mismatch("Mcp-Param", "headers are too large");
}

function paramMismatch(
  headers: Headers,
  message: RpcMessage,
  inputSchema: object | null,
  isDemanded: boolean,
): HeaderMismatch | null {
  for (const { path, header } of annotationsFor(message, inputSchema)) {
    const value = headerValue(headers, header);
    const argument = argumentAt(message.params?.["arguments"], path);
    const fault = argumentFault(value, argument, isDemanded);
    if (fault !== null) return mismatch(header, fault);
  }
  return null;
}

function argumentFault(
  value: string | null,
  argument: unknown,
  isDemanded: boolean,
): string | null {
  const text = mirrored(argument);
  // Of null, a list or no argument at all there is no header: one that is there says what the body does not.
  if (text === null) return value === null ? null : "has no argument in the body";
  if (value === null) return isDemanded ? "is missing" : null;
  const decoded = decodeHeaderText(value);
  if (decoded === null) return "has a value that cannot be read";
  const isEqual = decoded === text || isInteger(decoded, argument);
  return isEqual ? null : "does not match the body";
}

const INTEGER_TEXT = /^-?(?:0|[1-9][0-9]*)(?:\.0+)?$/;

/** 42.0 is 42, compared as numbers. */
function isInteger(text: string, argument: unknown): boolean {
  return typeof argument === "number" && INTEGER_TEXT.test(text) && Number(text) === argument;
}

/** Null for what no header may have: null, lists and objects, and integers that JSON.parse does not keep. */
function mirrored(argument: unknown): string | null {
  if (typeof argument === "string") return argument;
  if (typeof argument === "boolean") return String(argument);
  if (typeof argument !== "number" || !Number.isFinite(argument)) return null;
  return Number.isInteger(argument) && !Number.isSafeInteger(argument) ? null : String(argument);
}

function annotationsFor(
  { method }: RpcMessage,
  inputSchema: object | null,
): readonly HeaderAnnotation[] {
  if (method !== "tools/call" || inputSchema === null) return [];
  return headerAnnotations(inputSchema) ?? [];
}

function mismatch(header: string, detail: string): HeaderMismatch {
  return {
    status: 400,
    code: -32020,
    message: `Header mismatch: ${header} ${detail}`,
    data: null,
    header: header.toLowerCase(),
  };
}

/** For the upstream of the modern era: none in the legacy one, which does not know them. */
export function requestHeaders(
  message: RpcMessage,
  inputSchema: object | null,
): Record<string, string> {
  const { method, name, version } = message;
  if (method === null || eraOf(version) === "legacy") return {};
  const headers: Record<string, string> = { [METHOD_HEADER]: method };
  if (name !== null && NAMED_METHODS.has(method)) headers[NAME_HEADER] = encodeHeaderText(name);
  for (const { path, header } of annotationsFor(message, inputSchema)) {
    const text = mirrored(argumentAt(message.params?.["arguments"], path));
    if (text !== null) headers[header] = encodeHeaderText(text);
  }
  return headers;
}

/** A caller's `Mcp-Param-*` that the tool does not ask for: to be passed on as they came, and otherwise ignored. */
export function unknownParamHeaders(
  headers: Headers,
  message: RpcMessage,
  inputSchema: object | null,
): Record<string, string> {
  const known = new Set(annotationsFor(message, inputSchema).map(({ header }) => header));
  const unknown: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (name.startsWith(PARAM_PREFIX) && !known.has(name)) unknown[name] = value;
  }
  return unknown;
}
