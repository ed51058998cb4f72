/**
 * Tessera, the transparency log in Go, on its POSIX driver: a process a round, which appends the entries to a new log.
 *
 * Both are durable before they answer. Of 256 entries Tessera writes four files (the entries, two tiles, the state),
 * each with O_SYNC to a name that it then renames, with an fsync of its folder; and the tree has taken them in by then.
 * workerd has an fsync of SQLite's log for each commit, which appends that came meanwhile share (80 requests over 4
 * connections: some 50).
 *
 * What ours has in it and its not: HTTP, JSON to parse and to write, ids to look up, the chain, a receipt for each
 * entry, what searches need. Without antispam Tessera knows no duplicates. Its batches are of 256, as our requests are,
 * so that no bundle is written twice.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goModuleVersion, goProgram, madeWithGo } from "../../e2e/go-program.ts";
import { runProgram } from "../../e2e/run-program.ts";
import type { AuditReport } from "../../harness/audit-load.ts";
import { type Figure, median } from "../figure.ts";
import { ledgerEntries } from "./ledger-entries.ts";

const SOURCE = import.meta.dirname;
const MODULE = "github.com/transparency-dev/tessera";

/** What the program says. */
interface TesseraRound {
  entries: number;
  integrated: number;
  elapsedMs: number;
  cpuMs: number;
}

export interface AppendShape {
  events: number;
  connections: number;
}

export class TesseraPeer {
  readonly #program: string;
  readonly #version: string;
  #rounds: TesseraRound[] = [];
  #hasFailed = false;

  private constructor(program: string, version: string) {
    this.#program = program;
    this.#version = version;
  }

  /** None, said aloud, where Go or the module cannot be had. */
  static orSkip(): Promise<TesseraPeer | undefined> {
    return madeWithGo("TESSERA", async () => {
      const version = await goModuleVersion(SOURCE, MODULE);
      return new TesseraPeer(await goProgram("tessera", SOURCE), version);
    });
  }

  /** What goes wrong there, said aloud, does not cost our own figures. */
  async round(org: string, reports: readonly AuditReport[], shape: AppendShape): Promise<void> {
    if (this.#hasFailed) return;
    try {
      this.#rounds.push(await this.#append(ledgerEntries(org, reports), shape));
    } catch (error) {
      console.log(`TESSERA FAILED: ${(error as Error).message}`);
      this.#hasFailed = true;
    }
  }

  /** Of the rounds since the last. */
  figures(): Figure[] {
    const rounds = this.#rounds;
    this.#rounds = [];
    if (this.#hasFailed) return [];
    const rate = median(rounds.map(({ entries, elapsedMs }) => (entries * 1e3) / elapsedMs));
    const cpu = median(rounds.map(({ entries, cpuMs }) => (cpuMs * 1e3) / entries));
    const name = `  Tessera ${this.#version}, POSIX driver (fsyncs), called in its process`;
    return [
      { name, value: rate, unit: "events/s" },
      { name: "  processor time of Tessera", value: cpu, unit: "µs/event" },
    ];
  }

  async #append(
    entries: readonly string[],
    { events, connections }: AppendShape,
  ): Promise<TesseraRound> {
    const folder = await mkdtemp(join(tmpdir(), "mcpg-tessera-"));
    try {
      const file = join(folder, "entries");
      await writeFile(file, `${entries.join("\n")}\n`);
      const args = [join(folder, "log"), file, String(connections), String(events)];
      const round = JSON.parse(await runProgram(this.#program, args)) as TesseraRound;
      if (round.integrated !== entries.length) {
        throw new Error(`${round.integrated} of ${entries.length} entries are in its tree`);
      }
      return round;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
