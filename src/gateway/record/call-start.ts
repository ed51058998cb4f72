/** What is known of a call when it is decided, and what was decided. */
import type { OpenCall } from "#audit/calls/open-call.ts";
import type { Outcome } from "#calls/outcome.ts";
import { UNPRINTABLE } from "#platform/text-patterns.ts";

/** `tokenId` is the caller's, whether or not the actor shows it; one id is the decision's, its entry's and the sample's. */
export interface CallStart extends Omit<OpenCall, "hasEntries"> {
  method: "tools/call" | "resources/read" | "prompts/get";
}

export interface Verdict {
  kind: "allowed" | "denied";
  policySet: string;
  policies: readonly string[];
  reason: string;
}

export interface CallEnd {
  outcome: Outcome;
  errorCode: string | null;
  endedAtMs: number;
  responseBytes: number;
}

/** As a sample and an event have them (calls/sample-schema.ts, audit/audit-event-schema.ts). */
const NAME_LENGTH_MAX = 128;
const TEXT_LENGTH_MAX = 256;
const TARGET_LENGTH_MAX = 1_024;
const NAMELESS = "__unknown__";

/** What a caller said of itself is bounded here: nothing of it may cost the call its entry or its sample. */
export function openCallOf(start: CallStart, hasEntries: boolean): OpenCall {
  const { id, startedAtMs, tokenId, requestBytes } = start;
  const actor = printableText(start.actor, TEXT_LENGTH_MAX) || NAMELESS;
  return {
    id,
    startedAtMs,
    workspace: nameOf(start.workspace),
    plugin: nameOf(start.plugin),
    tool: nameOf(start.tool),
    target: printableText(start.target, TARGET_LENGTH_MAX) || NAMELESS,
    actor,
    tokenId: tokenId !== null && actor !== `service:${tokenId}` ? tokenId : null,
    sessionId: textOf(start.sessionId),
    requestId: textOf(start.requestId),
    traceId: idOf(start.traceId, 32),
    spanId: idOf(start.spanId, 16),
    parentSpanId: idOf(start.parentSpanId, 16),
    dispatchSpanId: idOf(start.dispatchSpanId, 16),
    requestBytes: Math.max(0, Math.trunc(requestBytes) || 0),
    httpRequestId: printableText(start.httpRequestId, TEXT_LENGTH_MAX),
    ...(start.isUncaptured && { isUncaptured: true }),
    hasEntries,
  };
}

/** A longer name is no name of a tool that anyone has: cut, it might be another's. */
function nameOf(name: string): string {
  const text = printableText(name, NAME_LENGTH_MAX + 1);
  return text.length > 0 && text.length <= NAME_LENGTH_MAX ? text : NAMELESS;
}

function textOf(text: string | null): string | null {
  return text === null ? null : printableText(text, TEXT_LENGTH_MAX) || null;
}

/** All zeros are no id. */
function idOf(id: string | null, digits: number): string | null {
  const text = id?.toLowerCase() ?? "";
  const isId = text.length === digits && /^[0-9a-f]+$/.test(text) && !/^0+$/.test(text);
  return isId ? text : null;
}

const NOT_PRINTABLE = new RegExp(`[${UNPRINTABLE}]`, "gu");

/** In NFC, of at most so many UTF-16 units, with U+FFFD for what cannot be shown. */
export function printableText(text: string, lengthMax: number): string {
  const composed = text.slice(0, lengthMax).toWellFormed().normalize("NFC");
  return composed.slice(0, lengthMax).toWellFormed().replaceAll(NOT_PRINTABLE, "\ufffd");
}
