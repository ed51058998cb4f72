/**
 * Stock clients of both official SDKs, directly and through the gateway: every feature that works directly
 * works through it, and answers the same.
 */
import { join } from "node:path";
import type { Checks, Verdict } from "../checks.ts";
import { runProgram } from "../run-program.ts";
import { runSuite } from "../suite.ts";
import { GATEWAY_OPTIONS, Gateway, gatewayClient } from "./gateway.ts";
import {
  packageFile,
  startBridged,
  startFixture,
  startServerEverything,
  type Upstream,
} from "./node-process.ts";
import {
  EVERYTHING_FEATURES,
  type Feature,
  MODERN_FEATURES,
  outcomeOf,
  RESUMABLE_FEATURES,
} from "./stock-features.ts";
import { connectLegacy, connectModern, type Place, type StockSession } from "./stock-session.ts";

interface Kind {
  client: string;
  server: "everything" | "legacy-server" | "modern-server";
  connect(place: Place): Promise<StockSession>;
  features: readonly Feature[];
}

const MODERN = "2026-07-28";
/** The inspector's CLI starts only where there is a package.json in the folder above. */
const INSPECTOR_FOLDER = join(import.meta.dirname, "../..");

const KINDS: readonly Kind[] = [
  {
    client: "sdk 1.32",
    server: "everything",
    connect: connectLegacy,
    features: EVERYTHING_FEATURES,
  },
  {
    client: "client 2.4, legacy",
    server: "everything",
    connect: (place) => connectModern(place, "legacy"),
    features: EVERYTHING_FEATURES,
  },
  {
    client: "sdk 1.32",
    server: "legacy-server",
    connect: connectLegacy,
    features: RESUMABLE_FEATURES,
  },
  {
    client: "client 2.4, legacy",
    server: "legacy-server",
    connect: (place) => connectModern(place, "legacy"),
    features: RESUMABLE_FEATURES,
  },
  {
    client: "client 2.4, either",
    server: "everything",
    connect: (place) => connectModern(place, "auto"),
    features: EVERYTHING_FEATURES.slice(0, 8),
  },
  {
    client: `client 2.4, ${MODERN}`,
    server: "modern-server",
    connect: (place) => connectModern(place, { pin: MODERN }),
    features: MODERN_FEATURES,
  },
];

type Row = [feature: string, ...cells: string[]];

export function runStockClientsSuite(): Promise<Verdict> {
  return runSuite("gateway-clients", GATEWAY_OPTIONS, async ({ checks, start }) => {
    const gateway = await Gateway.open(await gatewayClient(start));
    const upstreams: Record<Kind["server"], Upstream> = {
      everything: await startServerEverything(),
      "legacy-server": await startFixture("legacy-server"),
      "modern-server": await startFixture("modern-server"),
    };
    const token = await gateway.token("user:stock@acme");
    try {
      for (const [at, kind] of KINDS.entries()) {
        const { url } = upstreams[kind.server];
        const through = { url: await gateway.register(`${kind.server}-${at}`, url), token };
        const rows = await compare(kind, { url }, through);
        console.log(tableOf(kind, rows));
        const problems = rows.filter(([, direct, got]) => direct !== got).map(difference);
        checks.report(
          `what works directly works through the gateway: ${kind.client} with ${kind.server}`,
          problems,
          `${rows.length} features, ${rows.filter(([, direct]) => isWorking(direct)).length} of them work`,
        );
      }
      await checkInspector(gateway, checks, token);
    } finally {
      for (const { process } of Object.values(upstreams)) await process.end();
    }
  });
}

/** README's way for a `command` server, with the inspector's CLI as the client. */
async function checkInspector(gateway: Gateway, checks: Checks, token: string): Promise<void> {
  const bridged = await startBridged();
  try {
    const url = await gateway.register("bridged", bridged.url);
    const inspect = async (...method: string[]) => {
      const file = packageFile("@modelcontextprotocol/inspector-cli", "build/index.js");
      const header = ["--header", `Authorization: Bearer ${token}`];
      const args = [file, url, "--transport", "http", ...header, "--method", ...method];
      return JSON.parse(await runProgram(process.execPath, args, INSPECTOR_FOLDER)) as {
        tools?: unknown[];
      };
    };
    const { tools = [] } = await inspect("tools/list");
    checks.report(
      "the inspector's CLI lists a bridged server's tools",
      tools.length > 5 ? [] : ["it does not"],
    );
    const called = await inspect(
      "tools/call",
      "--tool-name",
      "echo",
      "--tool-arg",
      "message=hello",
    );
    const content = [{ type: "text", text: "Echo: hello" }];
    checks.equal("and calls one", called, { content });
  } finally {
    await bridged.process.end();
  }
}

/** One session each way, feature by feature. */
async function compare({ connect, features }: Kind, direct: Place, through: Place): Promise<Row[]> {
  const outcomes: string[][] = [];
  for (const place of [direct, through]) {
    const session = await connect(place);
    const ofPlace: string[] = [];
    for (const feature of features) ofPlace.push(await outcomeOf(feature, session));
    await session.close();
    outcomes.push(ofPlace);
  }
  return features.map(({ name }, at) => [name, ...outcomes.map((one) => one[at] ?? "")] as Row);
}

function isWorking(outcome: string | undefined): boolean {
  return outcome?.startsWith('{"value"') === true;
}

function difference([name, direct = "", through = ""]: Row): string {
  const from = [...direct].findIndex((character, at) => through[at] !== character);
  const shown = (text: string) => text.slice(Math.max(0, from - 40), from + 160);
  return `${name}: directly …${shown(direct)}, through …${shown(through)}`;
}

function tableOf({ client, server }: Kind, rows: readonly Row[]): string {
  const word = (outcome: string | undefined) => (isWorking(outcome) ? "works" : "is refused");
  const lines = rows.map(
    ([name, direct, through]) =>
      `| ${name} | ${word(direct)} | ${direct === through ? "the same" : "DIFFERS"} |`,
  );
  return [
    `| ${client} with ${server} | directly | through |`,
    "| --- | --- | --- |",
    ...lines,
  ].join("\n");
}
