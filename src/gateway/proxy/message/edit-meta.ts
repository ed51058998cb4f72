/**
 * Our place in the trace, put into `params._meta` (SEP-414) by cutting the text: all other bytes stay, so that
 * numbers keep their digits and members their order, and what was judged is what is sent.
 */
import { endOfValue, type Member, membersOf, startOfValue } from "./json-members.ts";
import type { RpcMessage } from "./judge-body.ts";

export interface TraceTexts {
  readonly traceparent: string;
  /** Null: a state that came belongs to another parent, and goes. */
  readonly tracestate: string | null;
}

/** The message's new text; it is as it was where it is a response, or has a `_meta` that is no object. */
export function withTraceContext(
  { kind, text }: Pick<RpcMessage, "kind" | "text">,
  { traceparent, tracestate }: TraceTexts,
): string {
  if (kind === "response") return text;
  const message = startOfValue(text);
  const params = memberNamed(text, message, "params");
  if (params === null) {
    return inserted(text, message, `"params":{"_meta":${metaText(traceparent, tracestate)}}`);
  }
  const meta = memberNamed(text, params.valueStart, "_meta");
  if (meta === null) {
    return inserted(text, params.valueStart, `"_meta":${metaText(traceparent, tracestate)}`);
  }
  const { valueStart } = meta;
  if (text[valueStart] !== "{") return text;
  const withState = edited(text, valueStart, "tracestate", tracestate);
  return edited(withState, valueStart, "traceparent", traceparent);
}

function metaText(traceparent: string, tracestate: string | null): string {
  return JSON.stringify(tracestate === null ? { traceparent } : { traceparent, tracestate });
}

function memberNamed(text: string, object: number, name: string): Member | null {
  for (const member of membersOf(text, object)) {
    if (member.name === name) return member;
  }
  return null;
}

/** The member of the object at `object` gets the value, or goes where it is null. */
function edited(text: string, object: number, name: string, value: string | null): string {
  const member = memberNamed(text, object, name);
  if (member === null) {
    return value === null ? text : inserted(text, object, `"${name}":${JSON.stringify(value)}`);
  }
  if (value === null) return removed(text, object, member);
  const { valueStart } = member;
  return (
    text.slice(0, valueStart) + JSON.stringify(value) + text.slice(endOfValue(text, valueStart))
  );
}

/** As the first member of the object at `object`. */
function inserted(text: string, object: number, member: string): string {
  const comma = membersOf(text, object).next().done ? "" : ",";
  return `${text.slice(0, object + 1)}${member}${comma}${text.slice(object + 1)}`;
}

/** With the comma behind it, or of the last one that before it. */
function removed(text: string, object: number, member: Member): string {
  const members = [...membersOf(text, object)];
  const index = members.findIndex(({ start }) => start === member.start);
  const [previous, next] = [members[index - 1], members[index + 1]];
  if (next !== undefined) return text.slice(0, member.start) + text.slice(next.start);
  const start = previous === undefined ? member.start : endOfValue(text, previous.valueStart);
  return text.slice(0, start) + text.slice(endOfValue(text, member.valueStart));
}
