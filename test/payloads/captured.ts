/** Payloads as who may view them gets them. In workerd. */
import { requireStatus } from "../harness/answers.ts";
import { call } from "../harness/deployment.ts";
import { createToken, makeOrg, type OrgFields } from "../harness/orgs.ts";

export const CAPTURING = { entitlements: { payload_capture: true } };

export interface ViewedPayload {
  request: unknown;
  response: unknown;
  cut: Record<"request" | "response", { bytes: number; blake3: string } | null>;
}

export function makeCapturingOrg(fields: OrgFields = {}): Promise<string> {
  return makeOrg({ ...CAPTURING, ...fields });
}

export async function payloadOf(org: string, id: string): Promise<ViewedPayload> {
  const { token } = await createToken(org, ["payloads:read"]);
  const path = `/v1/orgs/${org}/invocations/${id}/payload?reason=test`;
  return (await requireStatus(200, call("GET", path, { token }))).json();
}

interface Listed {
  id: string;
  tool: string;
  has_payload: boolean;
}

export async function listedCalls(org: string): Promise<Listed[]> {
  const answer = await requireStatus(200, call("GET", `/v1/orgs/${org}/invocations`));
  return ((await answer.json()) as { invocations: Listed[] }).invocations;
}

/** The payload of the tool's one call, once it is kept: it is after the answer. */
export async function keptPayload(org: string, tool: string): Promise<ViewedPayload> {
  for (;;) {
    const found = (await listedCalls(org)).find((one) => one.tool === tool && one.has_payload);
    if (found !== undefined) return payloadOf(org, found.id);
    await scheduler.wait(20);
  }
}
