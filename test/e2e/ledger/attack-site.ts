/** The log under attack: its folder now and when it was younger, and what an honest verifier kept. */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { publicKeyOf } from "#formats/ed25519.ts";
import { formatVkey, verifierKey } from "#formats/tlog/note-key.ts";
import { formatNote, parseNote, signNote } from "#formats/tlog/signed-note.ts";
import { ADMIN_TOKEN } from "../../harness/http-client.ts";
import type { Runtime } from "../../harness/runtime.ts";
import { newFolder } from "../../harness/state-folder.ts";
import type { Suite } from "../suite.ts";
import { EventSource } from "./events.ts";
import { LogClient } from "./log-client.ts";
import { Site } from "./tamper.ts";
import { type CliReport, runCli } from "./verify/run-cli.ts";

export const ORG = "attacked";
/** Entry 0 is the org's creation. */
const YOUNG = 401;
export const SIGNED = 700;
/** Behind the head: the entry of the pack's export, and four more, of which D1 is told. */
export const UNSIGNED_TO = SIGNED + 5;

export interface Sites {
  site: Site;
  older: Site;
  foreignVkey: string;
  foreignNote: string;
}

export interface Honest {
  now: Site;
  older: Site;
  /** Of an honest run of `verify`, in a folder of their own. */
  statePath: string;
  packPath: string;
  tokenPath: string;
  vkey: string;
  foreignVkey: string;
  foreignNote: string;
  /** Seq → hash, as the receipts say. */
  receipts: ReadonlyMap<number, string>;
  exits: number[];
}

export async function makeHonestSite(start: Suite["start"]): Promise<Honest> {
  const folder = await newFolder();
  const runtime = await start({ folder });
  await runtime.makeOrg(ORG);
  const events = new EventSource(7);
  const young = new LogClient(runtime, ORG);
  await appendTo(young, events, YOUNG);
  await young.sign();
  await runtime.stop();
  const older = await copyOf(folder);

  const grown = await start({ folder });
  const client = new LogClient(grown, ORG);
  await appendTo(client, events, SIGNED);
  const note = await client.sign();
  const kept = await newFolder();
  const [statePath, packPath, tokenPath] = ["state.json", "pack.tar", "token"].map((name) =>
    join(kept, name),
  ) as [string, string, string];
  await writeFile(tokenPath, ADMIN_TOKEN);
  const { keys } = await grown.json<{ keys: { vkey: string }[] }>("GET", `${client.path}/keys`);
  const vkey = keys[0]?.vkey ?? "";
  const online = await verify(grown, { tokenPath, vkey, statePath });
  const pack = await grown.send("GET", `${client.path}/export?format=pack`);
  await writeFile(packPath, pack.body);
  const offline = await runCli(["--pack", packPath, "--vkey", vkey, "--state", statePath]);
  await appendTo(client, events, UNSIGNED_TO);
  await grown.send("POST", `/ledger/ring?org=${ORG}`);
  await grown.stop();
  const signed = [...young.acknowledged.values(), ...client.acknowledged.values()];
  return {
    now: new Site(folder),
    older: new Site(older),
    statePath,
    packPath,
    tokenPath,
    vkey,
    ...forgery(note),
    receipts: new Map(signed.map(({ receipt }) => [receipt.seq, receipt.hash])),
    exits: [online.exit_code, offline.code ?? -1],
  };
}

async function appendTo(client: LogClient, events: EventSource, size: number): Promise<void> {
  for (let { tree_size: at } = await client.status(); at < size; ) {
    const count = Math.min(256, size - at);
    await client.append(events.events(count));
    at += count;
  }
}

export async function copyOf(folder: string): Promise<string> {
  const copy = await newFolder();
  await cp(folder, copy, { recursive: true });
  return copy;
}

/** The same text under the same name, by a key that the intruder made. */
function forgery(note: string): { foreignVkey: string; foreignNote: string } {
  const { text, signatures } = parseNote(note)!;
  const signer = { name: signatures[0]!.name, seed: new Uint8Array(32).fill(66) };
  return {
    foreignVkey: formatVkey(verifierKey(signer.name, publicKeyOf(signer.seed))),
    foreignNote: formatNote(text, [signNote(text, signer)]),
  };
}

export interface VerifyTerms {
  tokenPath: string;
  vkey: string;
  statePath: string | null;
}

/** The real command, against the running service. */
export async function verify(runtime: Runtime, terms: VerifyTerms): Promise<CliReport> {
  const { code, stdout, stderr } = await runVerify(runtime, terms);
  if (stdout === "") throw new Error(`verify: exit code ${code}: ${stderr}`);
  return JSON.parse(stdout) as CliReport;
}

/** Of a service that does not answer all that it takes. */
export function verifyWithoutVerdict(
  runtime: Runtime,
  terms: VerifyTerms,
): Promise<{ code: number | null; stderr: string }> {
  return runVerify(runtime, terms);
}

/** As the suite's ledgers do before they prune: an honest one would keep its entries for years. */
async function forgetPromises(statePath: string): Promise<void> {
  const text = await readFile(statePath, "utf8").catch(() => null);
  if (text === null) return;
  await writeFile(statePath, JSON.stringify({ ...JSON.parse(text), retention: [] }));
}

async function runVerify(runtime: Runtime, { tokenPath, vkey, statePath }: VerifyTerms) {
  if (statePath !== null) await forgetPromises(statePath);
  const state = statePath === null ? [] : ["--state", statePath];
  const online = ["--url", runtime.url, "--org", ORG, "--token-file", tokenPath];
  return runCli([...online, "--vkey", vkey, ...state, "--json"]);
}
