/** What a stranger on the machine reaches beside `npm start`: the Worker, and nothing of what runs it. */
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { Checks } from "../checks.ts";
import type { NpmStart } from "./npm-start.ts";
import { listenersOf } from "./process-tree.ts";

const LOOPBACK = "0100007F";
const FAR = Date.UTC(2099, 0, 1);
const QUERY = `?cron=*+*+*+*+*&time=${FAR}`;

/** Where runtimes have had a handler that fires a trigger, each of them in every way to write it. */
const TRIGGERS = [
  "/cdn-cgi/local/scheduled",
  "/cdn-cgi/handler/scheduled",
  "/cdn-cgi/mf/scheduled",
  "/__scheduled",
];
const FORMS: ((path: string) => string)[] = [
  (path) => path,
  (path) => `${path}/`,
  (path) => `/${path}`,
  (path) => `/.${path}`,
  (path) => `/x/..${path}`,
  (path) => path.replace("scheduled", "%73cheduled"),
  (path) => path.replace("scheduled", "%2573cheduled"),
  (path) => path.replaceAll("/", "%2f").replace("%2f", "/"),
  (path) => path.toUpperCase(),
  (path) => `${path};v=1`,
  (path) => `${path}%00`,
  (path) => `http://127.0.0.1${path}`,
];
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
const HOSTS = ["localhost", "mcpg.local", "evil.example", "127.0.0.1:1", ""];

export async function checkSurface(checks: Checks, start: NpmStart): Promise<void> {
  await checkListeners(checks, start);
  await checkTriggers(checks, start);
}

async function checkListeners(checks: Checks, start: NpmStart): Promise<void> {
  const listeners = listenersOf(start.processes());
  const elsewhere = listeners.filter(({ address }) => address !== LOOPBACK);
  checks.equal("listens on loopback alone", elsewhere, []);
  const workerd = listeners.filter(({ name }) => name === "workerd").map(({ port }) => port);
  checks.equal("its runtime listens on the one port alone, with no inspector", workerd, [
    start.port,
  ]);
  const others = listeners.filter(({ name }) => name !== "workerd");
  const answers = await Promise.all(
    others.flatMap(({ port }) =>
      ["/", "/json", "/json/list", "/core/log", "/core/error"].map(async (path) => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`);
        return `${response.status} ${await response.text()}`;
      }),
    ),
  );
  checks.equal(
    "what its runtime asks it by answers nobody else",
    [others.length, ...new Set(answers)],
    [1, "403 Forbidden"],
  );
}

async function checkTriggers(checks: Checks, start: NpmStart): Promise<void> {
  const own = `127.0.0.1:${start.port}`;
  const statuses = new Map<string, string>();
  const ask = async (method: string, target: string, host: string, more = "") => {
    const head = `${method} ${target}${QUERY} HTTP/1.1\r\nHost: ${host}\r\n${more}`;
    statuses.set(`${method} ${target} ${host} ${more}`, await statusOf(start.port, head));
  };
  for (const path of TRIGGERS) {
    for (const form of FORMS) await ask("GET", form(path), own);
    for (const method of METHODS) await ask(method, path, own);
    await ask("GET", "/x", own, `MF-Original-URL: http://localhost${path}${QUERY}\r\n`);
    await ask("GET", path, own, "X-Forwarded-Proto: https\r\n");
  }
  const shown = [...statuses].filter(([, status]) => status !== "404").map(String);
  checks.report("answers 404 to whoever would fire its cron", shown, `${statuses.size} ways`);
  statuses.clear();
  for (const path of TRIGGERS) for (const host of HOSTS) await ask("GET", path, host);
  // 403: the runtime itself refuses /cdn-cgi/ under a name that is not this machine's.
  const answered = [...statuses].filter(([, status]) => !["400", "403", "404"].includes(status));
  checks.report("refuses it under every name", answered.map(String), `${statuses.size} ways`);
  statuses.clear();
  const secret = "0".repeat(64);
  for (const more of ["", "MF-Op: CALL\r\n", `MF-Op: CALL\r\nMF-Op-Secret: ${secret}\r\n`]) {
    await ask("POST", "/cdn-cgi/local/platform-proxy", own, more);
  }
  checks.equal(
    "its own channel to the runtime is closed to whoever lacks this run's secret",
    [...statuses.values()],
    ["400", "401", "401"],
  );
}

/** Byte for byte: a client would normalise what is to be tried. */
async function statusOf(port: number, head: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.end(`${head}Content-Length: 0\r\nConnection: close\r\n\r\n`);
  const answer = await text(socket);
  return /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? `no answer: ${answer.slice(0, 80)}`;
}
