/** Clients that reset their connections while their calls are decided, or have just been sent on. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Checks } from "../checks.ts";
import { waitUntil } from "../wait-until.ts";
import { readEntries, readSamples } from "./exact-records.ts";
import { Gateway } from "./gateway.ts";
import type { Upstream } from "./node-process.ts";

const AFTER_MS = [0, 1, 2, 3, 5, 8, 12, 18, 25, 40, 80];
const ROUNDS = 4;
/** A call that nobody tells of is given up after 60 s: by then its end was told. */
const SETTLED_MS_MAX = 20_000;

/** In an org of its own. Which of them were decided is the clock's doing. */
export async function checkResets(main: Gateway, checks: Checks, rough: Upstream): Promise<void> {
  const gateway = await Gateway.open(main.client);
  const { origin } = new URL(rough.url);
  const url = await gateway.register("resets", `${origin}/late`);
  const token = await gateway.token("user:rude@acme");
  for (const afterMs of Array.from({ length: ROUNDS }, () => AFTER_MS).flat()) {
    await callAndReset(url, token, afterMs);
  }
  const read = async () => {
    const [samples, entries] = [await readSamples(gateway), await readEntries(gateway)];
    const decided = entries.filter(({ action }) => action === "tool.call.allowed").length;
    return { decided, completed: entries.length - decided, samples };
  };
  const isSettled = async () => {
    const { decided, completed, samples } = await read();
    return decided > 0 && completed === decided && samples.length === decided;
  };
  await waitUntil(isSettled, { msMax: SETTLED_MS_MAX, what: "ended" }).catch(() => undefined);
  const { decided, completed, samples } = await read();
  checks.equal(
    "resets: each decided call has an end",
    [completed, samples.length],
    [decided, decided],
  );
  const codes = [...new Set(samples.map(({ error_code: code }) => code))];
  checks.equal("resets: and each was cancelled", codes, ["cancelled"]);
}

async function callAndReset(url: string, token: string, afterMs: number): Promise<void> {
  const { hostname, port, pathname, host } = new URL(url);
  const params = { name: "work", arguments: { number: 1 } };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const head = [
    ...[`POST ${pathname} HTTP/1.1`, `host: ${host}`, `authorization: Bearer ${token}`],
    ...["content-type: application/json", "accept: application/json, text/event-stream"],
    ...["mcp-protocol-version: 2025-11-25", `content-length: ${Buffer.byteLength(body)}`],
  ];
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  await sleep(afterMs);
  socket.resetAndDestroy();
}
