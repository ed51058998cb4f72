/**
 * The 41 public cases through HTTP: each request on a socket of its own, byte for byte as the table has
 * it, and the headers of the calls that the Worker makes meanwhile as another server gets them.
 */
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { W3C_CASES, type W3cRequest } from "../../formats/trace-context/w3c-cases.ts";
import {
  complaintsAbout,
  type OutgoingHeaders,
} from "../../formats/trace-context/w3c-complaints.ts";
import { ADMIN_TOKEN } from "../../harness/http-client.ts";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";

class Receiver {
  readonly #server = createServer((request, response) => {
    this.calls.push(headersOf(request));
    response.end("ok");
  });
  calls: OutgoingHeaders[] = [];

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Raw: Node would join or drop what came twice. */
function headersOf({ rawHeaders }: IncomingMessage): OutgoingHeaders {
  const sent = (name: string) => {
    const values = rawHeaders.filter(
      (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name,
    );
    return values.length === 0 ? null : values.join(", ");
  };
  return { traceparent: sent("traceparent"), tracestate: sent("tracestate") };
}

export async function checkW3cCases(runtime: Runtime, checks: Checks): Promise<void> {
  const receiver = new Receiver();
  const target = await receiver.start();
  let passed = 0;
  for (const { name, clause, requests } of W3C_CASES) {
    const complaints: string[] = [];
    for (const request of requests) {
      receiver.calls = [];
      const status = await sendRaw(new URL(runtime.url), target, request);
      if (status !== 200) complaints.push(`the Worker answered ${status}`);
      complaints.push(...complaintsAbout(request, receiver.calls));
    }
    if (complaints.length === 0) passed += 1;
    else checks.report(`${name}: ${clause}`, complaints);
  }
  receiver.stop();
  checks.equal("W3C Trace Context cases that pass through HTTP", passed, 41);
}

function sendRaw(url: URL, target: string, { headers, calls }: W3cRequest): Promise<number> {
  const path = `/test/call?calls=${calls}&url=${encodeURIComponent(target)}`;
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${url.host}`,
    `Authorization: Bearer ${ADMIN_TOKEN}`,
    "Connection: close",
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname);
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])));
    socket.end(`${lines.join("\r\n")}\r\n\r\n`);
  });
}
