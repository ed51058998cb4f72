/** The deployment under test as a client sees it: every call goes through the Worker's `fetch`. In workerd. */
import { env, exports } from "cloudflare:workers";
import type { Env } from "#platform/env.ts";
import { type Around, watchedD1 } from "./watched-d1.ts";

export const workerEnv = env as unknown as Env;
export const ADMIN_TOKEN = workerEnv.MCPG_ADMIN_TOKEN;
export const METRICS_TOKEN = workerEnv.MCPG_METRICS_TOKEN as string;

/** The same with its shard watched so. */
export function envWithShard(around: Around): Env {
  return { ...workerEnv, SHARD_0: watchedD1(workerEnv.SHARD_0, around) };
}

export interface CallOptions {
  token?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

/** As the administrator unless told otherwise; `token: null` sends none. A string body goes as it is. */
export function call(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  const { token = ADMIN_TOKEN, body, headers = {} } = options;
  const raw = typeof body === "string" || body instanceof Uint8Array;
  const worker = exports as unknown as { default: { fetch: typeof fetch } };
  return worker.default.fetch(`https://mcpg.test${path}`, {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: raw ? (body as BodyInit) : JSON.stringify(body) }),
  });
}
