/** Where a pack comes from, by the real command: a file, a pipe, a FIFO; a folder and what is compressed are none. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { packMembers } from "../../harness/synthetic-pack.ts";
import type { Checks } from "../checks.ts";
import { writeFiles, writePack } from "../ledger/verify/export-files.ts";
import { plainLog } from "../ledger/verify/sample-logs.ts";

const run = promisify(execFile);
const PROJECT = join(import.meta.dirname, "../../..");
const CLI = "src/cli/verify.ts";

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** `script` sees the command as `verify`, and its arguments from $1 on. */
async function shell(script: string, ...args: string[]): Promise<Ran> {
  const verify = `verify() { "${process.execPath}" ${CLI} "$@"; }`;
  return run("sh", ["-c", `${verify}\n${script}`, "sh", ...args], { cwd: PROJECT }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: Ran) => error,
  );
}

export async function checkInputs(checks: Checks, folder: string): Promise<void> {
  const log = plainLog(40);
  const pack = await writePack(join(folder, "inputs.tar"), packMembers(log));
  const reversed = join(folder, "reversed.tar");
  await writePack(reversed, [...packMembers(log)].reverse());
  const fifo = join(folder, "fifo");
  await run("mkfifo", [fifo]);
  const ways: [string, string, string][] = [
    ["a file", 'verify --pack "$1" --vkey "$2"', pack],
    ["its members in another order", 'verify --pack "$1" --vkey "$2"', reversed],
    ["a pipe", 'cat "$1" | verify --pack /dev/stdin --vkey "$2"', reversed],
    [
      "a pipe by way of npm",
      `cat "$1" | npm run --silent verify -- --pack /dev/stdin --vkey "$2"`,
      pack,
    ],
    ["standard input", 'verify --pack /dev/stdin --vkey "$2" < "$1"', pack],
    ["a FIFO", 'cat "$1" > "$3" & verify --pack "$3" --vkey "$2"', pack],
  ];
  const problems: string[] = [];
  for (const [name, script, file] of ways) {
    const { code, stdout, stderr } = await shell(script, file, log.vkey, fifo);
    if (code !== 0 || stderr !== "") problems.push(`${name}: ${code} ${stdout}${stderr}`);
  }
  checks.report("a pack is verified wherever it comes from", problems, `${ways.length} ways`);
  const cut = await shell(
    'head -c 9000 "$1" | verify --pack /dev/stdin --vkey "$2"',
    pack,
    log.vkey,
  );
  checks.equal("and one that breaks off on the way is incomplete", cut.code, 50);
  await checkNoSources(checks, folder, pack);
}

async function checkNoSources(checks: Checks, folder: string, pack: string): Promise<void> {
  const compressed = join(folder, "inputs.tar.gz");
  await writeFile(compressed, gzipSync(await readFile(pack)));
  const files = await writeFiles(join(folder, "inputs"), packMembers(plainLog(40)));
  const withEntries = (path: string) => files.with(files.indexOf("--entries") + 1, path);
  const none: [string, string[], string][] = [
    ["a folder as the pack", ["--pack", folder], "is a folder"],
    ["what is compressed", ["--pack", compressed], "is compressed (gzip)"],
    ["a pack that is not there", ["--pack", join(folder, "absent")], "cannot read"],
    ["a folder as the entries", withEntries(folder), "is a folder"],
    ["entries that are not there", withEntries(join(folder, "absent")), "cannot read"],
  ];
  const problems: string[] = [];
  for (const [name, args, reason] of none) {
    const { code, stderr } = await shell('verify "$@"', ...args);
    const isClear = stderr.includes(reason) && !stderr.includes("    at ");
    if (code !== 69 || !isClear) problems.push(`${name}: ${code} ${stderr}`);
  }
  checks.report("what cannot be read is exit code 69, and says why", problems, `${none.length}`);
}

/** The table of README.md and the text of --help have the same exit codes, which are those of the code. */
export async function checkExitCodes(checks: Checks): Promise<void> {
  const { stdout } = await shell("verify --help");
  const told = (text: string) => [...new Set(text.match(/\b[1-7]?[0-9]\b/g))].map(Number).sort();
  const readme = await readFile(join(PROJECT, "README.md"), "utf8");
  const table = /^\| exit code[\s\S]*?\n\n/m.exec(readme)?.[0] ?? "";
  const firsts = [...table.matchAll(/^\| ([0-9, ]+)\|/gm)].map(([, codes]) => codes).join();
  const helped = [
    ...stdout
      .slice(stdout.indexOf("Exit codes"))
      .matchAll(/\b([0-9]{1,2}) {2}[A-Za-z]|\b([67][0-9]) {2}the/g),
  ];
  const codes = helped.map(([, verdict, other]) => verdict ?? other).join();
  checks.equal("README.md has the exit codes of --help", told(firsts), told(codes));
  const expected = [0, 10, 20, 30, 40, 50, 64, 69, 70, 73].sort();
  checks.equal("and these are all there are", told(codes), expected);
}
