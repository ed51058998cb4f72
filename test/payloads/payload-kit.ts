/** An org that may keep payloads, and what is done with them over HTTP. In workerd. */
import { requireStatus } from "../harness/answers.ts";
import { makeSample, postCalls, type SampleFields } from "../harness/calls.ts";
import { call } from "../harness/deployment.ts";
import { createToken, makeOrg } from "../harness/orgs.ts";

export interface PayloadOrg {
  org: string;
  /** Of a token that may view. */
  reader: string;
}

export async function payloadOrg(): Promise<PayloadOrg> {
  const org = await makeOrg({ entitlements: { payload_capture: true } });
  const { token } = await createToken(org, ["payloads:read"]);
  return { org, reader: token };
}

export interface ReportedPayload {
  accepted: number;
  duplicates: number;
  payloads_discarded?: number;
}

export async function report(org: string, samples: readonly unknown[]): Promise<ReportedPayload> {
  return (await requireStatus(200, postCalls(org, samples))).json();
}

/** The id of a call whose payload is kept. */
export async function keptCall(org: string, fields: SampleFields = {}): Promise<string> {
  const payload = { request_payload: { q: 1 }, response_payload: { items: ["a"] } };
  const sample = makeSample({ ...payload, ...fields });
  await report(org, [sample]);
  return sample["id"] as string;
}

export function view(
  { org, reader }: PayloadOrg,
  id: string,
  reason = "a test",
): Promise<Response> {
  const query = new URLSearchParams({ reason });
  const path = `/v1/orgs/${org}/invocations/${id}/payload?${query}`;
  return call("GET", path, { token: reader });
}

export interface ViewAnswer {
  request: unknown;
  response: unknown;
  cut: Record<"request" | "response", { bytes: number; blake3: string } | null>;
}

export async function viewed(of: PayloadOrg, id: string): Promise<ViewAnswer> {
  return (await requireStatus(200, view(of, id))).json();
}

export async function hasPayload(org: string, id: string): Promise<boolean> {
  const path = `/v1/orgs/${org}/invocations`;
  const one = await requireStatus(200, call("GET", `${path}/${id}`));
  const list = await requireStatus(200, call("GET", `${path}?limit=1000`));
  const { invocations } = (await list.json()) as {
    invocations: { id: string; has_payload: boolean }[];
  };
  const { has_payload } = (await one.json()) as { has_payload: boolean };
  const listed = invocations.find((each) => each.id === id)?.has_payload;
  if (listed !== has_payload) throw new Error("the list and the call disagree");
  return has_payload;
}

export interface ErasedAnswer {
  erased: number;
  pending: boolean;
  copies: { open_until: string; rotate: string };
}

export async function erase(org: string, path: string): Promise<ErasedAnswer> {
  return (await requireStatus(200, call("DELETE", `/v1/orgs/${org}/${path}`))).json();
}
