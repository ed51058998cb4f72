/** A log of 200,000 entries in constant memory: in this process, and the command in a heap of 48 MB. */

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { entryHash, GENESIS_HASH } from "#formats/ledger/entry.ts";
import { parseCheckpointNote } from "#formats/ledger/evidence.ts";
import { LogAudit } from "#formats/ledger/log-audit.ts";
import { formatCheckpoint } from "#formats/tlog/checkpoint.ts";
import { CompactRange } from "#formats/tlog/compact-range.ts";
import { leafHash } from "#formats/tlog/merkle-hash.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { formatNote, signNote } from "#formats/tlog/signed-note.ts";
import { entryBytes, eventAt, SyntheticLog } from "../../../harness/synthetic-log.ts";
import type { Checks } from "../../checks.ts";
import { runCli } from "./run-cli.ts";

const ENTRIES = 200_000;
const HEAP_GROWTH_MAX = 4 * 1024 * 1024;
const HEAP_MB = 48;
const SAMPLE_EVERY = 20_000;

function* entriesOf(org: string): Generator<Uint8Array> {
  let previous = GENESIS_HASH;
  for (let seq = 0; seq < ENTRIES; seq += 1) {
    const bytes = entryBytes(eventAt(seq, org), previous);
    previous = entryHash(bytes);
    yield bytes;
  }
}

function signedHead(log: SyntheticLog): string {
  const range = CompactRange.resume(0, []);
  for (const bytes of entriesOf(log.org)) range.append(leafHash(bytes));
  const text = formatCheckpoint({ origin: log.origin, size: ENTRIES, root: range.root() });
  return formatNote(text, [signNote(text, { name: log.origin, seed: log.keys[0]!.seed })]);
}

export async function checkMemory(checks: Checks, folder: string): Promise<void> {
  const log = new SyntheticLog();
  const note = signedHead(log);
  const audit = new LogAudit({
    missing: [],
    damaged: [],
    checkpoint: parseCheckpointNote(note),
    pinned: parseVkey(log.vkey),
    keys: [],
    cutovers: new Map(),
    origin: log.origin,
    fromSeq: 0,
    toSeq: ENTRIES,
    minimumIndex: 0,
    prefix: [],
    consistency: null,
    earlierProofs: new Map(),
    kept: [],
    freshness: { nowMs: 0, maxAgeMinutes: null, unsigned: null },
    retentionDaysMin: 0,
    isPartAccepted: false,
  });
  const heaps: number[] = [];
  const startedAt = performance.now();
  for (const bytes of entriesOf(log.org)) {
    audit.add(bytes);
    if (audit.end % SAMPLE_EVERY === 0) heaps.push(await heapUsed());
  }
  const { findings } = audit.finish();
  const seconds = (performance.now() - startedAt) / 1e3;
  checks.equal(`${ENTRIES} entries verify`, findings, []);
  const [first = 0, ...later] = heaps;
  const growth = Math.max(...later) - first;
  const megabytes = `${(growth / 1024 / 1024).toFixed(2)} MB more at most, ${seconds.toFixed(0)} s`;
  checks.report("the heap stays flat", growth > HEAP_GROWTH_MAX ? [megabytes] : [], megabytes);
  await checkCommand(checks, folder, log, note);
}

async function checkCommand(
  checks: Checks,
  folder: string,
  log: SyntheticLog,
  note: string,
): Promise<void> {
  const entries = join(folder, "long.ndjson");
  const file = createWriteStream(entries);
  for (const bytes of entriesOf(log.org)) {
    if (!file.write(Buffer.concat([bytes, Buffer.from("\n")]))) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
  const checkpoint = join(folder, "long.checkpoint");
  await writeFile(checkpoint, note);
  const args = ["--entries", entries, "--checkpoint", checkpoint, "--vkey", log.vkey];
  const startedAt = performance.now();
  const { code, stderr } = await runCli(args, [`--max-old-space-size=${HEAP_MB}`]);
  const perSecond = Math.round(ENTRIES / ((performance.now() - startedAt) / 1e3));
  const problems = code === 0 ? [] : [`exit code ${code}: ${stderr}`];
  const seen = `${perSecond} entries/s, ${file.bytesWritten} bytes`;
  checks.report(`the command verifies them in a heap of ${HEAP_MB} MB`, problems, seen);
}

/** Of what is still needed: the rest is collected first. */
async function heapUsed(): Promise<number> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}
