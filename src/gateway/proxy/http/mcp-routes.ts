/** A plugin as MCP clients reach it: Streamable HTTP (MCP 2025-03-26 and later), through the gateway. */
import type { Context } from "hono";
import * as Type from "typebox";
import { callerRoute } from "#gateway/identity/http/caller-route.ts";
import type { GatewayEnv } from "#gateway/identity/http/gateway-env.ts";
import { takeBudget } from "#gateway/identity/http/take-budget.ts";
import { findPlugin } from "#gateway/plugins/find-plugin.ts";
import { isRefusedPlace, placeOfPath } from "#gateway/plugins/place-names.ts";
import { endSession } from "#gateway/proxy/handle/end-session.ts";
import { type Exchange, sessionPlace } from "#gateway/proxy/handle/exchange.ts";
import { servePost } from "#gateway/proxy/handle/serve-post.ts";
import { serveStream } from "#gateway/proxy/handle/serve-stream.ts";
import { eraOf, versionOfRequest } from "#gateway/proxy/message/protocol-version.ts";
import { openSession } from "#gateway/proxy/upstream/sealed-session.ts";
import { readBytes } from "#http/read-body.ts";
import type { RequestBody } from "#http/request-body.ts";
import type { AppRoute } from "#orgs/http/access.ts";
import { fail } from "#platform/errors.ts";
import { activeSpan } from "#tracing/active-span.ts";

const PATH = "/v1/orgs/:org/workspaces/:ws/plugins/:plugin/mcp";
/** What arguments may have: as much as a report, for a model wrote them. */
const BODY_BYTES_MAX = 4 * 1_048_576;

const RPC = Type.Object({ jsonrpc: Type.Literal("2.0") }, { title: "JsonRpcMessage" });

/** Judged by the gateway itself, whatever it is: what is refused is on record. */
const messageBody: RequestBody<Uint8Array> = {
  content: { "application/json": RPC },
  read: (request, onBytes) => readBytes(request, { bytesMax: BODY_BYTES_MAX, onBytes }),
};

type Served = Omit<Exchange, "session" | "version">;

async function exchangeOf(c: Context<GatewayEnv>): Promise<Exchange> {
  const takeAnother = () => takeBudget(c)?.retryAfterSeconds ?? null;
  const served = await servedBy(c, takeAnother);
  const { headers } = c.req.raw;
  const named = versionOfRequest(headers, null);
  const id = headers.get("mcp-session-id");
  // Since 2026-07-28 there are none, and the header means nothing.
  if (id === null || eraOf(named) === "modern") return { ...served, session: null, version: named };
  // Whose session it is not, and whose it was: both begin anew.
  const opened =
    (await openSession(c.env, sessionPlace(served), id)) ?? fail({ kind: "not_found" });
  const session = { id, upstreamId: opened.upstreamId };
  return { ...served, session, version: versionOfRequest(headers, opened.version) };
}

async function servedBy(
  c: Context<GatewayEnv>,
  takeAnother: Exchange["takeAnother"],
): Promise<Served> {
  const { org, caller, requestId, retryAfterSeconds } = c.var;
  const place = placeOfPath(new URL(c.req.url).pathname);
  if (isRefusedPlace(place)) return fail({ kind: "not_found" });
  const plugin = await findPlugin(c.env, org, place.workspace, place.plugin);
  return {
    env: c.env,
    ctx: c.executionCtx as ExecutionContext,
    org,
    caller,
    plugin: plugin ?? fail({ kind: "not_found" }),
    headers: c.req.raw.headers,
    signal: c.req.raw.signal,
    httpRequestId: requestId,
    startedAtMs: Date.now(),
    span: activeSpan(),
    retryAfterSeconds,
    takeAnother,
    describe: (operation) => c.set("operation", operation),
    lastsUntil: (answered) => c.set("answered", answered),
  };
}

const EVENTS = { "text/event-stream": Type.String() };
const MESSAGE = { "application/json": RPC };

export const mcpRoutes: readonly AppRoute[] = [
  callerRoute(
    {
      method: "post",
      path: PATH,
      operationId: "callPlugin",
      summary: "MCP messages to a plugin",
      description:
        "MCP over Streamable HTTP, versions 2025-03-26 to 2026-07-28, passed through to the plugin: each call is " +
        "decided by the org's policy, on record before it is sent, and counted. What is refused is told as a " +
        "JSON-RPC error: -31001 by policy, -31002 by a rate limit, -31003 while the tool is quarantined; -31004 to " +
        "-31007 where the plugin could not be reached, was slow, broke off, or gave no answer. Of the caller's budget a " +
        "batch (2025-03-26) takes a request for each of its messages.",
      body: messageBody,
      answers: {
        200: {
          description: "The plugin's answer, or an error",
          content: { ...MESSAGE, ...EVENTS },
        },
        202: { description: "Taken: a notification, or an answer" },
      },
      problems: [400, 413, 415, 503],
    },
    async (c, bytes) => {
      const x = await exchangeOf(c);
      const served = servePost(x, bytes);
      // A client that resets its connection takes with it what nobody waits for: a call that is decided would
      // never hear of its end.
      x.ctx.waitUntil(served.catch(() => undefined));
      return served;
    },
  ),
  callerRoute(
    {
      method: "get",
      path: PATH,
      operationId: "streamPlugin",
      summary: "What a plugin says by itself, of a session before 2026-07-28",
      answers: { 200: { description: "Server-sent events", content: EVENTS } },
      problems: [],
    },
    async (c) => serveStream(await exchangeOf(c)),
  ),
  callerRoute(
    {
      method: "delete",
      path: PATH,
      operationId: "endPluginSession",
      summary: "Ends a session of before 2026-07-28",
      answers: { 204: { description: "Ended" } },
      problems: [400],
    },
    async (c) => endSession(await exchangeOf(c)),
  ),
];
