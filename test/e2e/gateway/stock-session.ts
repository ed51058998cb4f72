/** A session of either official SDK's client, spoken to in one way, so that features are written once. */
import { setTimeout as delay } from "node:timers/promises";
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ResultSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { CuttingFetch } from "./cutting-fetch.ts";

export interface Place {
  url: string;
  token?: string;
}

export interface CallOptions {
  onprogress?: (progress: { progress: number; total?: number }) => void;
  signal?: AbortSignal;
}

export type Params = Record<string, unknown>;

export interface StockSession {
  request(method: string, params?: Params, options?: CallOptions): Promise<Params>;
  callTool(name: string, args?: Params, options?: CallOptions): Promise<Params>;
  /** What it knows of its server since it connected. */
  about(): unknown;
  /** Methods and parameters of notifications, in order. */
  readonly notified: { method: string; params?: Params }[];
  /** What the server asked of it. */
  readonly asked: { method: string; params?: Params }[];
  readonly fetching: CuttingFetch;
  /** Of the older versions. */
  terminate(): Promise<void>;
  readonly client: LegacyClient | ModernClient;
  close(): Promise<void>;
}

const INFO = { name: "mcpg-stock", version: "1.0.0" };
const CAPABILITIES = {
  sampling: {},
  elicitation: { form: {}, url: {} },
  roots: { listChanged: true },
};
const NOTICE_MS_MAX = 10_000;

const ANSWERS: Record<string, Params> = {
  "sampling/createMessage": {
    role: "assistant",
    model: "stock",
    content: { type: "text", text: "forty-two" },
  },
  "elicitation/create": {
    action: "accept",
    content: { name: "Ada", value: "yes", ok: true, context: "stock" },
  },
  "roots/list": { roots: [{ uri: "file:///work", name: "work" }] },
};

export async function connectLegacy({ url, token }: Place): Promise<StockSession> {
  const client = new LegacyClient(INFO, { capabilities: CAPABILITIES });
  const asked: StockSession["asked"] = [];
  const notified: StockSession["notified"] = [];
  for (const schema of [CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema]) {
    client.setRequestHandler(
      schema as never,
      (async (request: { method: string }) => {
        asked.push(request);
        return ANSWERS[request.method];
      }) as never,
    );
  }
  client.fallbackNotificationHandler = async (notice) => void notified.push(notice as never);
  const fetching = new CuttingFetch();
  const transport = new LegacyTransport(new URL(url), optionsOf(token, fetching));
  await client.connect(transport as never);
  return {
    client,
    asked,
    notified,
    fetching,
    request: (method, params, options) =>
      client.request({ method, params } as never, ResultSchema, options as never),
    callTool: (name, args, options) =>
      client.callTool({ name, arguments: args ?? {} }, undefined, options as never),
    about: () => [
      client.getServerVersion(),
      client.getServerCapabilities(),
      client.getInstructions(),
    ],
    terminate: () => transport.terminateSession(),
    close: () => client.close(),
  };
}

/** What the SDK has a schema for; of anything else it wants to be told one. */
const KNOWN_METHODS = /^(ping|(tools|resources|prompts|completion|server|logging)\/)/;
const ANYTHING = {
  "~standard": { version: 1, vendor: "mcpg", validate: (value: unknown) => ({ value }) },
};

/** `pin` holds it to one version of the protocol; without, it opens as the older ones do. */
export async function connectModern(
  { url, token }: Place,
  mode: "legacy" | "auto" | { pin: string },
): Promise<StockSession> {
  const versionNegotiation = { mode };
  const client = new ModernClient(INFO, { capabilities: CAPABILITIES, versionNegotiation });
  const asked: StockSession["asked"] = [];
  const notified: StockSession["notified"] = [];
  for (const [method, answer] of Object.entries(ANSWERS)) {
    client.setRequestHandler(
      method as "roots/list",
      (async (request: { method: string }) => {
        asked.push(request);
        return answer;
      }) as never,
    );
  }
  client.fallbackNotificationHandler = async (notice) => void notified.push(notice as never);
  const fetching = new CuttingFetch();
  const transport = new ModernTransport(new URL(url), optionsOf(token, fetching));
  await client.connect(transport);
  return {
    client,
    asked,
    notified,
    fetching,
    request: async (method, params, options) => {
      const isKnown = KNOWN_METHODS.test(method);
      const schema = isKnown ? [] : [ANYTHING];
      return client.request({ method, params } as never, ...(schema as [never]), options as never);
    },
    callTool: (name, args, options) =>
      client.callTool({ name, arguments: args ?? {} }, options as never),
    about: () => [
      client.getServerVersion(),
      client.getServerCapabilities(),
      client.getInstructions(),
      client.getNegotiatedProtocolVersion(),
    ],
    terminate: () => transport.terminateSession(),
    close: () => client.close(),
  };
}

/** Until such a notification has come. */
export async function noticed(session: StockSession, method: string): Promise<Params | undefined> {
  const overAt = performance.now() + NOTICE_MS_MAX;
  for (;;) {
    const notice = session.notified.find((one) => one.method === method);
    if (notice !== undefined) return notice.params;
    if (performance.now() > overAt) throw new Error(`no ${method} came`);
    await delay(20);
  }
}

function optionsOf(token: string | undefined, fetching: CuttingFetch) {
  return {
    fetch: fetching.fetch as never,
    ...(token !== undefined && { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
    reconnectionOptions: {
      initialReconnectionDelay: 100,
      maxReconnectionDelay: 1_000,
      reconnectionDelayGrowFactor: 1.5,
      maxRetries: 5,
    },
  };
}
