import type { HeaderPair, W3cExpectation, W3cRequest } from "./w3c-cases.ts";

/** The headers of one call that the service under test made. */
export interface OutgoingHeaders {
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

/** As strict as the public suite is on what it gets: version 00 and nothing after it. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

interface Call {
  readonly traceId: string;
  readonly parentId: string;
  readonly flags: number;
  readonly members: readonly (readonly [key: string, value: string])[];
}

/**
 * What is wrong with the calls that a service made during a request: nothing, if it conforms. It
 * shares no code with the parsers, which are what it tests.
 */
export function complaintsAbout(
  { headers, calls: callCount, expect }: W3cRequest,
  outgoing: readonly OutgoingHeaders[],
): string[] {
  const calls = outgoing.map(readCall).filter((call) => call !== null);
  if (calls.length < callCount) return ["a call is missing or has no valid traceparent"];
  return [
    ...calls.flatMap((call) => [
      ...idComplaints(call, headers, expect),
      ...memberComplaints(call, expect),
    ]),
    ...(hasDuplicates(calls.map(({ parentId }) => parentId)) ? ["two calls of one parent-id"] : []),
  ];
}

function readCall({ traceparent, tracestate }: OutgoingHeaders): Call | null {
  const [, traceId, parentId, flags] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (traceId === undefined || parentId === undefined || flags === undefined) return null;
  if (/^0*$/.test(traceId) || /^0*$/.test(parentId)) return null;
  const texts = (tracestate ?? "").split(",").map((text) => text.replace(/^[ \t]*/, ""));
  const members = texts.filter((text) => text !== "").map((text) => splitMember(text));
  return { traceId, parentId, flags: Number.parseInt(flags, 16), members };
}

function splitMember(text: string): [key: string, value: string] {
  const equals = text.indexOf("=");
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function idComplaints(
  { traceId, parentId, flags }: Call,
  headers: readonly HeaderPair[],
  { trace, flags: expectedFlags = 0 }: W3cExpectation,
): string[] {
  const wasSent = (id: string) => headers.some(([, value]) => value.includes(id));
  const complaints: string[] = [];
  if (wasSent(traceId) !== (trace === "continued")) complaints.push(`not ${trace}: ${traceId}`);
  if (wasSent(parentId)) complaints.push(`the caller's parent-id again: ${parentId}`);
  if ((flags & expectedFlags) !== expectedFlags) complaints.push(`flags ${flags.toString(16)}`);
  return complaints;
}

function memberComplaints(
  { members }: Call,
  { members: expected = [], memberCount, absentKeys = [] }: W3cExpectation,
): string[] {
  const expectedKeys = expected.map(([key]) => key);
  const passedOn = members.filter(([key]) => expectedKeys.includes(key));
  const complaints: string[] = [];
  if (JSON.stringify(passedOn) !== JSON.stringify(expected)) {
    complaints.push(`members ${JSON.stringify(passedOn)}, not ${JSON.stringify(expected)}`);
  }
  if (memberCount !== undefined && members.length !== memberCount) {
    complaints.push(`${members.length} members, not ${memberCount}`);
  }
  for (const [key] of members) {
    if (absentKeys.includes(key)) complaints.push(`not discarded: ${key}`);
  }
  return complaints;
}

function hasDuplicates(texts: readonly string[]): boolean {
  return new Set(texts).size < texts.length;
}
