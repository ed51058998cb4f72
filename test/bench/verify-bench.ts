/** `npm run verify` over the large log, from a pack and from its server; against bare hashing. */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ADMIN_TOKEN } from "../harness/http-client.ts";
import type { Runtime } from "../harness/runtime.ts";
import type { Figure } from "./figure.ts";
import { AUDIT_PATH, ORG } from "./large-log.ts";
import type { LedgerFile } from "./ledger-file.ts";

const VERIFIER = join(import.meta.dirname, "../../src/cli/verify.ts");
/** A child's peak is told by itself: `ru_maxrss`, in KiB. */
const TELL_PEAK = `data:text/javascript,process.on("exit",()=>console.error("peak "+process.resourceUsage().maxRSS))`;

interface Verified {
  elapsedMs: number;
  peakBytes: number;
  entries: number;
}

export async function benchVerify(runtime: Runtime, file: LedgerFile): Promise<Figure[]> {
  await runtime.send("POST", `${AUDIT_PATH}/checkpoint`);
  const { keys } = await runtime.json<{ keys: { vkey: string }[] }>("GET", `${AUDIT_PATH}/keys`);
  const vkey = keys[0]?.vkey ?? "";
  const pack = join(runtime.folder, "pack.tar");
  await runtime.download(`${AUDIT_PATH}/export?format=pack`, pack);
  const tokenFile = join(runtime.folder, "token");
  await writeFile(tokenFile, ADMIN_TOKEN);
  const fromPack = await verify(["--pack", pack, "--vkey", vkey]);
  const online = ["--url", runtime.url, "--org", ORG, "--token-file", tokenFile, "--vkey", vkey];
  return [
    ...figuresOf("verify a pack", fromPack),
    ...figuresOf("verify on the server", await verify(online)),
    { name: "  bare hashing, two SHA-256 an entry", value: file.hashRate(), unit: "entries/s" },
  ];
}

async function verify(args: readonly string[]): Promise<Verified> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ["--import", TELL_PEAK, VERIFIER, "--json", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const elapsedMs = performance.now() - startedAt;
  const peakKib = Number(/peak (\d+)/.exec(stderr)?.[1]);
  const report = parseReport(stdout, stderr);
  if (report.exit_code !== 0) throw new Error(`verify: ${report.outcome}`);
  const entries = report.entries.to_seq - report.entries.from_seq;
  return { elapsedMs, peakBytes: peakKib * 1_024, entries };
}

interface Report {
  outcome: string;
  exit_code: number;
  entries: { from_seq: number; to_seq: number };
}

function parseReport(stdout: string, stderr: string): Report {
  try {
    return JSON.parse(stdout) as Report;
  } catch {
    throw new Error(`verify: no report: ${stderr.slice(0, 1_000)}`);
  }
}

function figuresOf(name: string, { elapsedMs, peakBytes, entries }: Verified): Figure[] {
  return [
    { name, value: (entries * 1e3) / elapsedMs, unit: "entries/s" },
    { name: "  entries", value: entries },
    { name: "  peak memory of the process", value: peakBytes / 1e6, unit: "MB" },
  ];
}
