/** Commands that are wrong, and what people see. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { entryBytes } from "../../../harness/synthetic-log.ts";
import { ndjson, packMembers } from "../../../harness/synthetic-pack.ts";
import type { Checks } from "../../checks.ts";
import { writePack } from "./export-files.ts";
import { runCli } from "./run-cli.ts";
import { plainLog } from "./sample-logs.ts";

const ESCAPE = "\u{1b}";

export async function checkUsage(checks: Checks, folder: string): Promise<void> {
  const log = plainLog(3);
  const pack = await writePack(join(folder, "usage.tar"), packMembers(log));
  const nothing = join(folder, "nothing");
  await writeFile(nothing, "");
  const url = ["--url", "http://127.0.0.1:1"];
  const wrong: [string, string[]][] = [
    ["nothing", []],
    ["two sources", ["--pack", pack, ...url]],
    ["an option that is not there", ["--pack", pack, "--sign"]],
    ["an argument too much", ["--pack", pack, "other"]],
    ["no org", [...url, "--token-file", nothing]],
    ["no org's name", [...url, "--org", "../x", "--token-file", nothing]],
    ["no token", [...url, "--org", "acme", "--token-file", nothing]],
    ["no URL", ["--url", "acme", "--org", "acme", "--token-file", nothing]],
    ["no checkpoint", ["--entries", nothing]],
    ["no key", ["--pack", pack, "--vkey", "x"]],
    ["no number", ["--pack", pack, "--max-age", "-1"]],
    ["no kept checkpoint", ["--pack", pack, "--since", nothing]],
  ];
  const problems: string[] = [];
  for (const [name, args] of wrong) {
    const { code, stderr } = await runCli(args);
    if (code !== 64 || stderr.includes("    at ")) problems.push(`${name}: ${code} ${stderr}`);
  }
  checks.report("a wrong command is exit code 64", problems, `${wrong.length} commands`);
  const help = await runCli(["--help"]);
  const hasCodes = ["40", "30", "50", "20", "10", "64", "69"].every((code) =>
    help.stdout.includes(code),
  );
  checks.equal("--help tells the exit codes", [help.code, hasCodes], [0, true]);
  const absent = await runCli(["--pack", join(folder, "absent.tar")]);
  checks.equal("a pack that is not there is exit code 69", absent.code, 69);
}

/** The report is read by people under attack: it names the entry, and no text of a log steers a terminal. */
export async function checkReport(checks: Checks, folder: string): Promise<void> {
  const log = plainLog(100);
  const event = JSON.parse(new TextDecoder().decode(log.entries[50])) as Record<string, unknown>;
  const { previous_hash: previous, ...members } = event;
  const altered = entryBytes({ ...members, actor: "user:mallory@acme" }, String(previous));
  const lines = log.entries.with(50, altered);
  const pack = await writePack(
    join(folder, "report.tar"),
    packMembers(log).set("entries.ndjson", ndjson(lines)),
  );
  const { stdout } = await runCli(["--pack", pack, "--vkey", log.vkey]);
  const shown = ["INVALID (exit code 40)", "first bad entry 50", "mallory", "entry 51 names"];
  const unseen = shown.filter((text) => !stdout.includes(text));
  checks.report(
    "the first bad entry is named, explained and printed",
    unseen.length ? [stdout] : [],
  );
  const hostile = Buffer.from(`${ESCAPE}[2J${ESCAPE}[1;1HVERIFIED\u{202e}\n`);
  const cleared = await writePack(
    join(folder, "hostile.tar"),
    packMembers(log).set("entries.ndjson", Buffer.concat([hostile, ndjson(log.entries)])),
  );
  const screen = await runCli(["--pack", cleared, "--vkey", log.vkey]);
  const isClean = !screen.stdout.includes(ESCAPE) && !screen.stdout.includes("\u{202e}");
  checks.equal(
    "no control character of a log reaches the terminal",
    [screen.code, isClean],
    [40, true],
  );
}
