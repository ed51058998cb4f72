/** Orgs with something sealed for each purpose, and deployments of other key-encryption keys. In workerd. */
import { app } from "#app.ts";
import { findPlugin, pluginHeaders } from "#gateway/plugins/find-plugin.ts";
import type { Org } from "#orgs/org.ts";
import { findOrg } from "#orgs/store/orgs.ts";
import type { Env } from "#platform/env.ts";
import type { Job } from "#platform/jobs/job.ts";
import { streamsOf } from "#streams/streams-of.ts";
import type { KeyedOrg } from "#vault/data-key-purpose.ts";
import { dataKeyOf, newestDataKey } from "#vault/data-keys.ts";
import { getJson, requireStatus } from "../harness/answers.ts";
import { ingest, makeSample } from "../harness/calls.ts";
import { ADMIN_TOKEN, call, workerEnv } from "../harness/deployment.ts";
import { runOnce } from "../harness/in-process.ts";
import { makeOrg } from "../harness/orgs.ts";

export const SECRET = "Bearer s3cr3t-s3cr3t";
export const MESSAGE = "connection to 10.0.0.7 refused after 30 s";

const KEK_2 = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
const { MCPG_PAYLOAD_KEK: _, ...withoutAny } = workerEnv;
export const rotated = () => ({ ...workerEnv, MCPG_PAYLOAD_KEK_2: KEK_2 }) as Env;
/** The first one is removed. */
export const renewed = () => ({ ...withoutAny, MCPG_PAYLOAD_KEK_2: KEK_2 }) as Env;

export async function keyedOrg(): Promise<Org> {
  return (await findOrg(workerEnv.DIRECTORY, await makeOrg()))!;
}

/** The fingerprint that a sample with the message has. */
export async function fingerprintIn(env: Env, org: string): Promise<string> {
  const sample = makeSample({ outcome: "server_error", error_message: MESSAGE });
  const headers = {
    authorization: `Bearer ${ADMIN_TOKEN}`,
    "content-type": "application/json",
  };
  const body = JSON.stringify({ instance_id: "gw-1", invocations: [sample] });
  const path = `https://mcpg.test/v1/orgs/${org}/invocations`;
  const sent = Promise.resolve(app.request(path, { method: "POST", headers, body }, env));
  await requireStatus(200, sent);
  const found = await getJson<{ error_fingerprint: string }>(
    `/v1/orgs/${org}/invocations/${sample["id"]}`,
  );
  return found.error_fingerprint;
}

export async function sealAll(org: Org): Promise<{ fingerprint: string; payload: Uint8Array }> {
  const otlp = { endpoint: "https://otel.example.com:4318", headers: { authorization: SECRET } };
  const streams = { metrics: { enabled: true, otlp }, traces: { enabled: true } };
  await requireStatus(200, call("PUT", `/v1/orgs/${org.org}/observability`, { body: streams }));
  const plugin = { url: "https://mcp.example.com/mcp", headers: { authorization: SECRET } };
  const path = `/v1/orgs/${org.org}/workspaces/prod/plugins/github`;
  await requireStatus(201, call("PUT", path, { body: plugin }));
  await ingest(org.org, [makeSample()]);
  const { key } = await newestDataKey(workerEnv, org, "payload");
  const payload = new Uint8Array(await crypto.subtle.encrypt(GCM, key, new Uint8Array(8)));
  return { fingerprint: await fingerprintIn(workerEnv, org.org), payload };
}

export const GCM = { name: "AES-GCM", iv: new Uint8Array(12) };

/** What opens, with these settings. */
export async function openedIn(env: Env, org: Org, payload: Uint8Array) {
  const { metrics } = await streamsOf(env, org.org);
  const plugin = await findPlugin(env, org, "prod", "github");
  const key = await dataKeyOf(env, org, "payload", 1);
  return {
    stream: metrics.otlp?.headers["authorization"],
    plugin: (await pluginHeaders(env, plugin!))["authorization"],
    payload: new Uint8Array(await crypto.subtle.decrypt(GCM, key!.key, payload)).length,
  };
}

export const ALL_OPENED = { stream: SECRET, plugin: SECRET, payload: 8 };

/** One run of all that the job has to do. */
export async function runJob<Item>(env: Env, job: Job<Item>): Promise<void> {
  const items = await job.list({ env, shard: "SHARD_0", nowMs: Date.now() }, null, 1_000);
  const { failures } = await runOnce(env, job as Job<unknown>, items);
  if (failures > 0) throw new Error(`${failures} steps failed`);
}

export interface KeysBody {
  keks: { version: number; is_set: boolean; is_newest: boolean; keys: number }[];
  may_remove: string[];
  purposes: {
    purpose: string;
    versions: { version: number; state: string; rows: number | null; kek_version: number | null }[];
  }[];
}

export async function keysIn(env: Env, path: string): Promise<KeysBody> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const answer = Promise.resolve(app.request(`https://mcpg.test${path}`, { headers }, env));
  return (await requireStatus(200, answer)).json();
}

export async function statesOf(org: KeyedOrg, purpose: string): Promise<[number, string][]> {
  const { purposes } = await keysIn(workerEnv, `/v1/orgs/${org.org}/keys/status`);
  const own = purposes.find((one) => one.purpose === purpose);
  return own!.versions.map(({ version, state }) => [version, state]);
}

export function keyRow(org: KeyedOrg, purpose: string, version: number) {
  return workerEnv.SHARD_0.prepare(
    "SELECT * FROM data_keys WHERE org = ?1 AND purpose = ?2 AND version = ?3",
  )
    .bind(org.org, purpose, version)
    .first();
}
