/** A pack's README by hand: its shell blocks as they are written, in a folder with the pack's files. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { entryHash } from "#formats/ledger/entry.ts";
import { entryBytes, eventAt, SyntheticLog } from "../../harness/synthetic-log.ts";
import { type PackMembers, packMembers } from "../../harness/synthetic-pack.ts";
import type { Checks } from "../checks.ts";
import { plainLog, prunedLog, rotatedLog } from "../ledger/verify/sample-logs.ts";
import { forgedPacks, MALLORY } from "./hand-forgeries.ts";
import { isInstalled } from "./tar-tools.ts";

const run = promisify(execFile);
const BLOCK = /^```sh\n([\s\S]*?)^```$/gm;
const BLOCKS = 3;
const NO_ENTRIES = "The pack holds no entries";
const RUNS_AT_ONCE = 3;
const BLOCK_MS_MAX = 60_000;

/** How a block is run: in any of these, what fails must fail. */
const SHELLS: Readonly<Record<string, (block: string) => [string, string[]]>> = {
  sh: (block) => ["sh", ["-e", "-c", block]],
  "sh without -e, in a condition": (block) => [
    "sh",
    ["-c", `if\n${block}\nthen :; else exit 1; fi`],
  ],
  bash: (block) => ["bash", ["--posix", "-e", "-c", block]],
  busybox: (block) => ["busybox", ["sh", "-e", "-c", block]],
};

interface HandCase {
  name: string;
  members: PackMembers;
  shell?: string;
}

export async function checkByHand(checks: Checks, folder: string): Promise<void> {
  const packs: HandCase[] = [
    ...[1, 2, 3, 7, 8, 9, 10, 257, 1_000].map((size) => ({
      name: `${size} entries`,
      members: packMembers(plainLog(size)),
    })),
    { name: "no entry", members: packMembers(plainLog(3), { from: 2, to: 2 }) },
    { name: "a part", members: packMembers(plainLog(700), { from: 300, to: 421 }) },
    { name: "one entry of many", members: packMembers(plainLog(700), { from: 333, to: 334 }) },
    { name: "a beginning", members: packMembers(plainLog(700), { to: 10 }) },
    { name: "a pruned log", members: packMembers(prunedLog(256)) },
    { name: "a rotated log", members: packMembers(rotatedLog(2)) },
    { name: "a head that two keys signed", members: packMembers(rotatedAtHead()) },
    { name: "every byte that UTF-8 has", members: packMembers(logOfBytes()) },
  ];
  for (const shell of await installedShells()) {
    for (const size of [1, 10]) {
      packs.push({ name: `${size} in ${shell}`, members: packMembers(plainLog(size)), shell });
    }
  }
  const failed = await outcomes(folder, "honest", packs);
  const problems = failed.flatMap(({ name, at, output }) =>
    at === null ? [] : [`${name}: ${output}`],
  );
  checks.report(
    "an honest pack passes every step of its README",
    problems,
    `${packs.length} packs`,
  );
  await checkForged(checks, folder);
}

async function checkForged(checks: Checks, folder: string): Promise<void> {
  const packs: HandCase[] = [];
  const add = (label: string, forged: Iterable<[string, PackMembers]>, shell = "sh") => {
    for (const [name, members] of forged) packs.push({ name: `${label}, ${name}`, members, shell });
  };
  for (const size of [1, 10, 1_000]) add(`${size} entries`, forgedPacks(plainLog(size)));
  add("a part", forgedPacks(plainLog(70), { from: 30, to: 45 }));
  add("a decoy", [["an entry that names a forged one's hash in its details", decoy()]]);
  const third = [...forgedPacks(plainLog(10))].filter((_, at) => at % 3 === 0);
  add("in a condition", third, "sh without -e, in a condition");
  const results = await outcomes(folder, "forged", packs);
  const passed = results.filter(({ at }) => at === null).map(({ name }) => `${name} passes`);
  checks.report("a forged pack fails a step of it", passed, `${packs.length} packs`);
  const silent = results.filter(({ at, output }) => at !== null && !output.includes("FAILED"));
  checks.report(
    "which says so",
    silent.map(({ name, output }) => `${name}: ${output}`),
  );
}

interface Outcome {
  name: string;
  /** The step that failed; null if none did. */
  at: number | null;
  output: string;
}

async function outcomes(folder: string, label: string, packs: HandCase[]): Promise<Outcome[]> {
  const waiting = [...packs.entries()];
  const results: Outcome[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, pack] = next;
      results.push(await follow(join(folder, `${label}-${at}`), pack));
    }
  };
  await Promise.all(Array.from({ length: RUNS_AT_ONCE }, work));
  return results;
}

async function follow(folder: string, { name, members, shell = "sh" }: HandCase): Promise<Outcome> {
  for (const [path, content] of members) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  const readme = String(members.get("README.md"));
  const blocks = [...readme.matchAll(BLOCK)].map(([, block = ""]) => block);
  if (blocks.length !== (readme.includes(NO_ENTRIES) ? 1 : BLOCKS))
    throw new Error("steps are lost");
  for (const [at, block] of blocks.entries()) {
    const [command, args] = SHELLS[shell]!(block);
    const options = { cwd: folder, timeout: BLOCK_MS_MAX };
    const { failed, output } = await run(command, args, options).then(
      ({ stdout }) => ({ failed: !/^ok: /m.test(stdout), output: stdout }),
      (error: { stdout?: string; stderr?: string }) => ({
        failed: true,
        output: `${error.stdout}${error.stderr}`,
      }),
    );
    if (failed) return { name, at, output };
  }
  return { name, at: null, output: "" };
}

async function installedShells(): Promise<string[]> {
  const there = await Promise.all(
    ["bash", "busybox"].map((shell) =>
      isInstalled(shell, shell === "bash" ? "--version" : "--help"),
    ),
  );
  return ["sh without -e, in a condition", ...["bash", "busybox"].filter((_, at) => there[at])];
}

function rotatedAtHead(): SyntheticLog {
  return new SyntheticLog().append(20).announceKey("next").sign();
}

/** Each of them somewhere, for shells that have bytes of their own within a line. */
function logOfBytes(): SyntheticLog {
  const text = Array.from({ length: 0x800 }, (_, code) => String.fromCodePoint(code)).join("");
  const quoted = `\\"previous_hash\\":\\"${"0".repeat(64)}\\" ${text.slice(0x20)}`;
  return new SyntheticLog().append(2).append(3, { target: quoted }).append(2).sign();
}

/**
 * Whoever may append knows what the hash of an entry would be that is forged later, and names it in the
 * details of the entry after that.
 */
function decoy(): PackMembers {
  const log = new SyntheticLog().append(6);
  const previous = entryHash(log.entries[4]!);
  const forged = entryBytes({ ...eventAt(5, log.org), actor: MALLORY }, previous);
  log
    .append(1, { details: { previous_hash: entryHash(forged) } })
    .append(3)
    .sign();
  const members = packMembers(log);
  const lines = log.entries.with(5, forged).map((line) => `${Buffer.from(line)}\n`);
  return members.set("entries.ndjson", lines.join(""));
}
