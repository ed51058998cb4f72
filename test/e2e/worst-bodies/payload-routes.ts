/** Payloads at their dearest: as many, as large, and as hard to compress as a report may have them. */
import { randomBytes } from "node:crypto";
import { newId } from "../../harness/new-id.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { MIB, ORG, ROOT, type WorstRequest } from "./worst-request.ts";

/** As many as an org may have, each of which may lead to a place in two ways. */
const RULES = {
  rules: Array.from({ length: 64 }, (_, n) => ({ paths: [`$..a${n}..b${n}`] })),
};
/** What is kept of a field. */
const FIELD_BYTES = 262_144;
/** 4 MiB are written as JSON again, compressed, sealed and stored; or hashed in JavaScript, where it is one field. */
const SEALING_COST = { cpuMsMax: 1_500 };
const CALLS = `${ROOT}/invocations`;
const STATUSES = [200];

export interface FullPayload {
  /** Of a token that may view it. */
  token: string;
  callId: string;
}

export async function fillPayload(runtime: Runtime): Promise<FullPayload> {
  await runtime.json("PATCH", ROOT, { entitlements: { payload_capture: true } });
  const reader = { name: "reader", scopes: ["payloads:read"] };
  const { token } = await runtime.json<{ token: string }>("POST", `${ROOT}/service-tokens`, reader);
  const callId = newId(Date.now());
  await runtime.json("PUT", `${ROOT}/redaction`, RULES);
  const field = randomText(FIELD_BYTES - 2);
  const payload = { request_payload: field, response_payload: field };
  await runtime.json("POST", CALLS, report([{ ...sample(callId), ...payload }]));
  return { token, callId };
}

export function payloadRoutes({
  token,
  callId,
}: FullPayload): Record<string, readonly WorstRequest[]> {
  const path = `${CALLS}/${callId}/payload`;
  const reason = "reason=worst";
  return {
    "get /v1/orgs/{org}/invocations/{id}/payload": [
      {
        name: "both fields of 256 KiB",
        path: `${path}?${reason}`,
        headers: { authorization: `Bearer ${token}` },
        statuses: STATUSES,
      },
    ],
    "get /v1/keys/status": [{ name: "of all orgs", path: "/v1/keys/status", statuses: STATUSES }],
    "get /v1/orgs/{org}/keys/status": [
      { name: "with its payloads", path: `${ROOT}/keys/status`, statuses: STATUSES },
    ],
    "post /v1/orgs/{org}/keys/rotate": [
      { name: "all keys", path: `${ROOT}/keys/rotate`, body: () => "{}", statuses: STATUSES },
    ],
    "post /v1/orgs/{org}/keys/destroy": [
      {
        name: "of a moment ago",
        path: `${ROOT}/keys/destroy`,
        body: () => JSON.stringify({ purpose: "payload", below_version: 2, reason: "worst" }),
        statuses: [409],
      },
    ],
    "put /v1/orgs/{org}/redaction": [
      {
        name: "64 paths",
        path: `${ROOT}/redaction`,
        body: () => JSON.stringify(RULES),
        statuses: STATUSES,
      },
    ],
    "get /v1/orgs/{org}/redaction": [
      { name: "64 paths", path: `${ROOT}/redaction`, statuses: STATUSES },
    ],
    "delete /v1/orgs/{org}/payloads": [
      {
        name: "an actor who has none",
        path: `${ROOT}/payloads?actor=nobody&${reason}`,
        statuses: STATUSES,
      },
    ],
    "delete /v1/orgs/{org}/invocations/{id}/payload": [
      { name: "both fields of 256 KiB", path: `${path}?${reason}`, statuses: [200, 404] },
    ],
  };
}

/** Of `post /v1/orgs/{org}/invocations`. */
export function payloadReports(): WorstRequest[] {
  const made = (name: string, body: () => string): WorstRequest => ({
    ...{ name, path: CALLS, body, statuses: STATUSES },
    ...SEALING_COST,
  });
  return [
    made("1,000 payloads of 4 KB", () => many(1_000, 3_700)),
    made("16 payloads of 255 KB", () => many(16, 255_000)),
    made("a payload of 4 MB", () => many(1, 4 * MIB - 1_000)),
    made("texts of 30,000 members, 64 paths", () => manyMembers(64, 30_000)),
    made("texts of 240,000 members, 64 paths", () => manyMembers(8, 240_000)),
  ];
}

/** Members within all that a path begins with. */
function manyMembers(count: number, members: number): string {
  const names = Array.from({ length: 64 }, (_, n) => `{"a${n}":`).join("");
  const text = `${names}[${"7,".repeat(members)}7]${"}".repeat(64)}`;
  const samples = Array.from({ length: count }, () => ({
    ...sample(newId(Date.now())),
    response_payload: text,
  }));
  return JSON.stringify(report(samples));
}

function many(count: number, bytes: number): string {
  const samples = Array.from({ length: count }, () => ({
    ...sample(newId(Date.now())),
    response_payload: randomText(bytes),
  }));
  return JSON.stringify(report(samples));
}

function report(invocations: readonly object[]) {
  return { instance_id: ORG, invocations };
}

function sample(id: string) {
  const names = { workspace: "w", plugin: "p", tool: "payloads" };
  return { id, ...names, started_at: Date.now(), duration_ms: 1, outcome: "ok" };
}

/** Hardly to be compressed. */
function randomText(characters: number): string {
  return randomBytes(Math.ceil((characters * 3) / 4))
    .toString("base64")
    .slice(0, characters);
}
