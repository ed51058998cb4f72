/** A server that alters, withholds, grows, prunes, falters or lies. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeBundle } from "#formats/tlog/tlog-tiles.ts";
import { entryBytes, SyntheticLog } from "../../../harness/synthetic-log.ts";
import type { Checks } from "../../checks.ts";
import { onlineArgs, tokenFile } from "./honest-checks.ts";
import { type Between, LogServer, type Reply, TOKEN } from "./log-server.ts";
import { type CliCase, checkCases, type Expected, runCli } from "./run-cli.ts";
import { plainLog, prunedLog, rotatedLog } from "./sample-logs.ts";

class ServedCases {
  readonly cases: CliCase[] = [];
  readonly servers: LogServer[] = [];
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  async add(
    name: string,
    log: SyntheticLog,
    between: Between,
    expected: Expected,
    more: readonly string[] = ["--vkey", log.vkey],
    number = 1,
  ): Promise<LogServer> {
    const server = await LogServer.start(log, between, number);
    this.servers.push(server);
    this.cases.push({ name, args: [...onlineArgs(server, this.#token), ...more], expected });
    return server;
  }

  async check(checks: Checks, title: string): Promise<void> {
    await checkCases(checks, title, this.cases);
    for (const server of this.servers) await server.stop();
  }
}

const asIs: Between = () => null;

/** Another answer for paths that match. */
function instead(pattern: RegExp, reply: (path: string, server: LogServer) => Reply): Between {
  return (path, server) => (pattern.test(path) ? reply(path, server) : null);
}

/** The entries of a bundle as the test changes them. */
function bundled(index: number, change: (entries: Uint8Array[]) => Uint8Array[]): Between {
  const pattern = new RegExp(`^/log/tile/entries/${String(index).padStart(3, "0")}`);
  return instead(pattern, (_path, { log }) => {
    const entries = log.entries.slice(256 * index, Math.min(256 * (index + 1), log.size));
    return { status: 200, body: encodeBundle(change(entries)) };
  });
}

function altered(entry: Uint8Array): Uint8Array {
  const { previous_hash, ...members } = JSON.parse(new TextDecoder().decode(entry));
  return entryBytes({ ...members, actor: "user:mallory@acme" }, previous_hash);
}

export async function checkServerAttacks(checks: Checks, folder: string): Promise<void> {
  const served = new ServedCases(await tokenFile(folder));
  const log = plainLog(700);
  const invalid = (at: number): Expected => ({ code: 40, bad: [at, at] });
  const edit = bundled(1, (entries) => entries.with(44, altered(entries[44]!)));
  await served.add("an altered entry", log, edit, invalid(300));
  const drop = bundled(1, (entries) => entries.toSpliced(44, 1));
  await served.add("an entry that is left out", log, drop, invalid(299));
  const insert = bundled(1, (entries) => entries.toSpliced(44, 0, altered(entries[44]!)));
  await served.add("an entry that is put in", log, insert, invalid(300));
  const short = bundled(2, (entries) => entries.slice(0, -1));
  await served.add("a last entry that is left out", log, short, {
    code: 50,
    findings: ["truncated"],
  });
  const missing = { code: 50, findings: ["interrupted", "truncated"] };
  const none = instead(/entries\/001/, () => ({ status: 404 }));
  await served.add("a bundle that is not there", log, none, missing);
  const gone = instead(/entries\/001/, () => ({ status: 410 }));
  await served.add("a bundle that is said to be pruned", log, gone, missing);
  const cut = instead(/entries\/001/, () => ({ status: 200, body: new Uint8Array([1, 0, 3]) }));
  await served.add("a bundle that is cut off", log, cut, missing);
  await addRewrites(served, log);
  await addHeads(served);
  await served.check(checks, "a server that alters or withholds is found out");
}

async function addRewrites(served: ServedCases, log: SyntheticLog): Promise<void> {
  const other = log.rewritten(333, { actor: "user:mallory@acme" });
  const rewrite = instead(/entries\/00[0-2]/, (path) => {
    const index = Number(/entries\/00(\d)/.exec(path)?.[1]);
    return { status: 200, body: encodeBundle(other.entries.slice(256 * index, 256 * index + 256)) };
  });
  const found = { code: 40, findings: ["root_differs"], rewritten: 333 };
  await served.add("a rewritten history", log, rewrite, found);
  const last = bundled(2, (entries) => entries.with(-1, altered(entries.at(-1)!)));
  await served.add("an altered last entry", log, last, { ...found, rewritten: 699 });
  const pruned = prunedLog(300, 700);
  const single = instead(/^\/350\?/, () => {
    const event = new TextDecoder().decode(altered(pruned.entries[350]!));
    return { status: 200, body: `{"seq":350,"event":${event}}` };
  });
  await served.add("an altered entry beside pruned ones", pruned, single, {
    code: 40,
    bad: [350, 350],
  });
}

async function addHeads(served: ServedCases): Promise<void> {
  const cut = plainLog(700);
  cut.minimumIndex = 256;
  const unannounced = { code: 50, findings: ["pruning_not_announced"] };
  await served.add("pruned without a word", cut, asIs, unannounced);
  const empty = new SyntheticLog();
  const nothing = { code: 50, findings: ["evidence_missing"] };
  await served.add("nothing signed, nothing there", empty, asIs, nothing);
  const young = new SyntheticLog().append(9);
  await served.add("entries, none of them signed", young, asIs, nothing);
  const unsigned = plainLog(30).append(3);
  const stale = { code: 20, verdicts: { freshness: "STALE", integrity: "VALID" } };
  await served.add("entries unsigned for days", unsigned, asIs, stale);
  const now = new SyntheticLog({ startMs: Date.now() - 60_000 }).append(30).sign().append(3);
  await served.add("entries unsigned for a minute", now, asIs, { code: 0 });
  const rotated = rotatedLog(1);
  const nocutover = instead(/checkpoint\?size/, () => ({ status: 404 }));
  const missing = { code: 50, findings: ["cutover_missing"] };
  await served.add("a rotation without its checkpoint", rotated, nocutover, missing);
  const noTile = instead(/^\/log\/tile\/[0-9]/, () => ({ status: 404 }));
  await served.add("no hash tiles of what is pruned", prunedLog(256), noTile, { code: 50 });
}

/** Things that happen to honest servers. */
export async function checkServerTroubles(checks: Checks, folder: string): Promise<void> {
  const token = await tokenFile(folder);
  const served = new ServedCases(token);
  const good = { code: 0, findings: [] };
  let requests = 0;
  const falters: Between = () => {
    requests += 1;
    if (requests % 3 === 0) return { status: 503, headers: { "retry-after": "0" } };
    return requests % 7 === 0 ? { status: 429, headers: { "retry-after": "0" } } : null;
  };
  await served.add("a server that falters", plainLog(1_000), falters, good);
  await served.add("a log that grows meanwhile", plainLog(300), growing(), good);
  await served.add("a log that grows past a tile", plainLog(250), growing(), good);
  await served.add("a pruned log that grows", prunedLog(300, 500), growing(), good);
  await served.add("a log that is pruned meanwhile", pruneable(), pruning(), good);
  await served.add("the successor of a frozen log", successor(), asIs, good, undefined, 2);
  const kept = prunedLog(300, 700);
  const since = join(folder, "since-pruned.note");
  await writeFile(since, kept.signedBy(100, [kept.keys[0]!.seed]));
  const extended = { ...good, verdicts: { history: "CONSISTENT" } };
  const args = ["--vkey", kept.vkey, "--since", since];
  await served.add("a kept head whose entries are pruned", kept, asIs, extended, args);
  const other = kept.rewritten(20, { actor: "x" }).signedBy(100, [kept.keys[0]!.seed]);
  const forked = join(folder, "since-forked.note");
  await writeFile(forked, other);
  const diverged = { code: 30, findings: ["rewritten"] };
  const forkedArgs = ["--vkey", kept.vkey, "--since", forked];
  await served.add("another kept head whose entries are pruned", kept, asIs, diverged, forkedArgs);
  const rotated = rotatedLog(1).announcePruning(256).append(5).sign();
  rotated.minimumIndex = 256;
  await served.add("a pruned rotation", rotated, asIs, {
    code: 10,
    findings: ["rotation_unproven"],
  });
  const newest = ["--vkey", rotated.newestVkey];
  await served.add("a pruned rotation, newer key", rotated, asIs, good, newest);
  await served.check(checks, "growth, pruning and faltering raise no alarm");
  await checkUnavailable(checks, folder, token);
}

/** Each bundle that is read finds the log larger. */
function growing(): Between {
  return (path, { log }) => {
    if (path.includes("/tile/")) log.append(20).sign();
    return null;
  };
}

function pruneable(): SyntheticLog {
  return new SyntheticLog().append(600).announcePruning(256).append(5).sign();
}

/** The announced pruning is carried out before the first bundle is read. */
function pruning(): Between {
  return (path, { log }) => {
    if (path.includes("/tile/entries/")) log.minimumIndex = 256;
    return null;
  };
}

function successor(): SyntheticLog {
  const log = new SyntheticLog({ log: "log-2" });
  const origin = "mcpg.local/v1/orgs/acme/audit/log";
  const details = { origin, size: "7", root: null, frozen_because: "it was set back", reason: "x" };
  return log.own("ledger.succeeded", details).append(20).sign();
}

async function checkUnavailable(checks: Checks, folder: string, token: string): Promise<void> {
  const server = await LogServer.start(plainLog(10));
  const args = onlineArgs(server, token);
  const wrong = join(folder, "wrong-token");
  await writeFile(wrong, "mcpgst_wrong");
  const code = async (changed: readonly string[]) => (await runCli(changed)).code;
  checks.equal("a token that is refused", await code(onlineArgs(server, wrong)), 69);
  checks.equal("an org that is not there", await code(args.with(3, "other")), 69);
  checks.equal("a log that is not there", await code([...args, "--log", "2"]), 69);
  server.between = () => ({ status: 302, headers: { location: "http://127.0.0.1:1/" } });
  server.seen.length = 0;
  checks.equal("a redirection is not followed", await code(args), 69);
  server.between = () => ({ status: 200, body: "<html>" });
  checks.equal("a server of something else", await code(args), 69);
  await server.stop();
  checks.equal("no server", await code(args), 69);
  const report = await runCli(args);
  const leaked = (report.stdout + report.stderr).includes(TOKEN);
  checks.equal("the token is not shown", leaked, false);
}
