/** MCP servers that answer with as much as they may, in this process: each path is one. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MIB } from "./worst-request.ts";

const JSON_TYPE = { "content-type": "application/json" };
const SSE = { "content-type": "text/event-stream" };
/** A little less than an event or a list may have. */
const EVENT_BYTES = 8 * MIB - 4_096;
const TOOLS = 1_000;
/** Of an answer that is read. */
const NAMES = 131_072;

interface Rpc {
  id?: number;
  method?: string;
}

const NUMBERS = { type: "array", items: { type: "number" } };
const WORK = {
  name: "work",
  inputSchema: {
    type: "object",
    properties: { text: { type: "string" }, numbers: NUMBERS, more: { type: "object" } },
  },
};

const result = (members: string) => `{"jsonrpc":"2.0","id":1,"result":{${members}}}`;
const asEvent = (text: string) => `data: ${text}\n\n`;
const listOf = (tools: readonly string[]) => `"tools":[${tools.join()}]`;

/** 1 KiB each: 1 MiB is what is kept of a plugin. */
function fullTools(): string[] {
  const tool = (at: number) => ({ ...WORK, name: `t${at}`, description: "d".repeat(780) });
  return Array.from({ length: TOOLS }, (_, at) => JSON.stringify(tool(at)));
}

/** As many as an answer may have, and of nothing but a name. */
const nameOnly = () =>
  Array.from({ length: NAMES - 16 }, (_, at) => `{"name":"${at.toString(36)}"}`);

/** 1,000 tools with 8 KiB of description each. */
const longTools = () =>
  Array.from(
    { length: TOOLS },
    (_, at) => `{"name":"t${at}","description":"${"d".repeat(EVENT_BYTES / TOOLS - 40)}"}`,
  );

const members = (count: number) =>
  Array.from({ length: count }, (_, at) => `"k${at.toString(36)}":0`).join();

/** Of one result each, made once. */
const ANSWERS: Readonly<Record<string, () => string>> = {
  full: () => result(listOf(fullTools())),
  long: () => result(listOf(longTools())),
  names: () => result(listOf(nameOnly())),
  text: () => result(`"content":[{"type":"text","text":"${"x".repeat(EVENT_BYTES)}"}]`),
  wide: () => result(`"content":[{"type":"text","text":"${"語".repeat(EVENT_BYTES / 3)}"}]`),
  escapes: () => result(`"content":[{"type":"text","text":"${'\\"'.repeat(EVENT_BYTES / 2)}"}]`),
  members: () => result(`"structuredContent":{${members(NAMES - 16)}}`),
  numbers: () => result(`"structuredContent":{"n":[${"0,".repeat(499_000)}0]}`),
  larger: () => result(`"content":[{"type":"text","text":"${"x".repeat(60 * MIB)}"}]`),
};

export class WorstUpstream {
  readonly url: string;
  readonly #close: () => void;

  private constructor(url: string, close: () => void) {
    this.url = url;
    this.#close = close;
  }

  static async start(): Promise<WorstUpstream> {
    const made = new Map<string, string>();
    const server = createServer((request, response) => {
      void read(request).then((rpc) => serve(rpc, request, response, made));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return new WorstUpstream(`http://127.0.0.1:${port}`, () => {
      server.close();
      server.closeAllConnections();
    });
  }

  stop(): void {
    this.#close();
  }
}

async function read(request: IncomingMessage): Promise<Rpc> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  // What is large it need not understand.
  return bytes.length === 0 || bytes.length > MIB / 16 ? { id: 1 } : JSON.parse(bytes.toString());
}

/** `/{answer}/json` or `/{answer}/event`; `/ok` knows one tool, `/many` sends many events. */
function serve(
  rpc: Rpc,
  { url = "", method }: IncomingMessage,
  response: ServerResponse,
  made: Map<string, string>,
): void {
  const [, name = "", form = ""] = url.split("/");
  if (method === "DELETE" || rpc.id === undefined) return void response.writeHead(202).end();
  if (rpc.method === "server/discover" || rpc.method === "initialize") {
    return void response.writeHead(200, JSON_TYPE).end(greeting(rpc));
  }
  if (name === "many") return void response.writeHead(200, SSE).end(manyEvents());
  const answer = made.get(name) ?? (ANSWERS[name] ?? okAnswer)();
  made.set(name, answer);
  const text = answer.replace('"id":1', `"id":${rpc.id ?? 1}`);
  if (form === "event") response.writeHead(200, SSE).end(asEvent(text));
  else response.writeHead(200, JSON_TYPE).end(text);
}

function okAnswer(): string {
  return result(`"content":[{"type":"text","text":"done"}],${listOf([JSON.stringify(WORK)])}`);
}

function greeting({ id }: Rpc): string {
  const serverInfo = { name: "worst", version: "1" };
  const capabilities = { tools: {} };
  const versions = { protocolVersion: "2025-11-25", supportedVersions: ["2026-07-28"] };
  return JSON.stringify({
    jsonrpc: "2.0",
    id,
    result: { ...versions, capabilities, serverInfo, resultType: "complete" },
  });
}

/** As many as 4 MiB have room for, and then the answer. */
function manyEvents(): string {
  const event = 'data: {"jsonrpc":"2.0","method":"notifications/x"}\n\n';
  return event.repeat((4 * MIB) / event.length) + asEvent(okAnswer());
}
