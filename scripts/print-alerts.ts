/**
 * `npm run alerts`: prints what monitoring/alertmanager.yml sends, one line an alert, so that the way from a rule to a
 * receiver can be seen before a real receiver is set. `-- --port=9095` is the default.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";

interface Notification {
  receiver: string;
  alerts: {
    status: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
  }[];
}

const BODY_BYTES_MAX = 4 * 1_048_576;

const { values } = parseArgs({ options: { port: { type: "string", default: "9095" } } });
const server = createServer((asked, answer) => {
  print(asked).then(
    () => answer.writeHead(200).end(),
    () => answer.writeHead(400).end(),
  );
});
server.listen(Number(values.port), "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  console.log(`ready on http://127.0.0.1:${port}`);
});

async function print(asked: IncomingMessage): Promise<void> {
  const { receiver, alerts } = JSON.parse(await readText(asked)) as Notification;
  for (const { status, labels, annotations } of alerts) {
    const { alertname, severity = "no severity" } = labels;
    const { summary = "", runbook_url: runbook = "", dashboard = "" } = annotations;
    console.log(
      `${receiver}: ${status} ${alertname} (${severity}): ${summary} ${runbook}`.trimEnd(),
    );
    if (dashboard !== "") console.log(`  ${dashboard}`);
  }
}

async function readText(asked: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of asked as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error("too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
