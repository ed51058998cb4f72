/** One MCP call by raw HTTP, whose caller may leave at an exact moment. */
import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";

export type Leaves = "never" | "before-the-first-byte" | "after-the-first-byte";

export interface RawCall {
  url: string;
  token: string;
  version: "2025-11-25" | "2026-07-28";
  leaves: Leaves;
  /** In place of a body that is right. */
  bodyOf?: (rightBody: string) => string;
  tool?: string;
  /** Of the older versions. */
  session?: string;
}

export interface RawAnswer {
  traceId: string;
  spanId: string;
  /** 0 where it left before any came. */
  status: number;
  /** Of the JSON-RPC answer: its error's code, or null for a result; undefined where none came. */
  code: number | null | undefined;
  decisionId: string | undefined;
  endedAtMs: number;
}

/** After its request is sent, so that it is under way. */
const LEAVES_AFTER_MS = 250;
const ANSWER_MS_MAX = 30_000;

let ids = 0;

export class RawClient {
  readonly #agent: Agent;
  readonly #answerMsMax: number;

  constructor(connections: number, answerMsMax = ANSWER_MS_MAX) {
    this.#answerMsMax = answerMsMax;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  close(): void {
    this.#agent.destroy();
  }

  call(call: RawCall): Promise<RawAnswer> {
    ids += 1;
    const { traceId, spanId, body, headers } = requestOf(call, ids);
    const { hostname, port, pathname } = new URL(call.url);
    return new Promise((resolve, reject) => {
      let status = 0;
      let text = "";
      const answered = () => {
        const answer = { traceId, spanId, status, ...readAnswer(text), endedAtMs: Date.now() };
        resolve(answer);
      };
      const outgoing = request({
        ...{ hostname, port, path: pathname, method: "POST", headers },
        agent: this.#agent,
        signal: AbortSignal.timeout(this.#answerMsMax),
      });
      const leave = () => {
        outgoing.destroy();
        answered();
      };
      outgoing.on("response", (response) => {
        status = response.statusCode ?? 0;
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
          if (call.leaves === "after-the-first-byte") leave();
        });
        response.on("end", answered);
        response.on("error", answered);
      });
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        if (call.leaves === "never") reject(error);
      });
      outgoing.end(body);
      if (call.leaves === "before-the-first-byte") setTimeout(leave, LEAVES_AFTER_MS);
    });
  }
}

/** The id of a session of the older versions, opened and ready. */
export async function openSession(url: string, token: string): Promise<string> {
  const post = async (message: object, session: Record<string, string>) => {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        ...session,
      },
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    });
    await response.text();
    return response.headers.get("mcp-session-id") ?? "";
  };
  const clientInfo = { name: "raw", version: "1.0.0" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const session = await post({ id: 0, method: "initialize", params }, {});
  await post({ method: "notifications/initialized" }, { "mcp-session-id": session });
  return session;
}

function requestOf({ token, version, bodyOf, tool = "work", session }: RawCall, id: number) {
  const traceId = randomBytes(16).toString("hex");
  const spanId = randomBytes(8).toString("hex");
  const traceparent = `00-${traceId}-${spanId}-01`;
  const isModern = version === "2026-07-28";
  const meta = {
    traceparent,
    progressToken: id,
    ...(isModern && {
      "io.modelcontextprotocol/protocolVersion": version,
      "io.modelcontextprotocol/clientCapabilities": {},
    }),
  };
  const params = { name: tool, arguments: { number: id }, _meta: meta };
  const right = JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
  const body = bodyOf?.(right) ?? right;
  const headers = {
    authorization: `Bearer ${token}`,
    accept: "application/json, text/event-stream",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "mcp-protocol-version": version,
    traceparent,
    ...(session !== undefined && { "mcp-session-id": session }),
    ...(isModern && { "mcp-method": "tools/call", "mcp-name": tool }),
  };
  return { traceId, spanId, body, headers };
}

interface RpcAnswer {
  id?: unknown;
  result?: object;
  error?: { code: number; data?: { decision_id?: string } };
}

/** JSON, or the one event that is an answer. */
function readAnswer(text: string): Pick<RawAnswer, "code" | "decisionId"> {
  const texts = text.startsWith("{") ? [text] : text.split("\n").map((line) => line.slice(6));
  for (const one of texts.filter((line) => line.startsWith("{"))) {
    const { result, error } = parsed(one);
    if (error !== undefined) return { code: error.code, decisionId: error.data?.decision_id };
    if (result !== undefined) return { code: null, decisionId: undefined };
  }
  return { code: undefined, decisionId: undefined };
}

function parsed(text: string): RpcAnswer {
  try {
    return JSON.parse(text) as RpcAnswer;
  } catch {
    return {};
  }
}
