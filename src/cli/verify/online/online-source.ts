/** A log on its server. The checkpoint that is there at the start rules: later entries are not read. */

import type { LogSource } from "#cli/verify/log-source.ts";
import { parseCheckpointNote } from "#formats/ledger/evidence.ts";
import type { HttpLog } from "./http-log.ts";
import { OnlineEntries } from "./online-entries.ts";
import { gatherEvidence } from "./online-evidence.ts";
import { locateRewrite } from "./online-rewrite.ts";
import { readToldStatus, remarksOn } from "./online-status.ts";
import { TileReader } from "./tile-reader.ts";

export interface LogName {
  readonly org: string;
  /** Null for the org's current log. */
  readonly log: number | null;
}

/**
 * `keptSizes` are those of kept checkpoints, which the log has to be proven to extend
 * where it is pruned by now.
 */
export async function openOnline(
  http: HttpLog,
  name: LogName,
  keptSizes: readonly number[],
): Promise<LogSource> {
  // Read before the checkpoint, or a pruning that the checkpoint does not cover could come between.
  const status = await readToldStatus(http, name);
  const path = status.log === 1 ? "/log" : `/log-${status.log}`;
  const note = await http.getText(`${path}/checkpoint`);
  const checkpoint = note === null ? null : parseCheckpointNote(note);
  const size = checkpoint?.checkpoint.size ?? 0;
  const tiles = new TileReader(http, path, size);
  const log = { http, status, path, note, checkpoint, size, tiles };
  const evidence = await gatherEvidence(log, keptSizes);
  const entries = new OnlineEntries(log);
  return {
    evidence,
    remarks: remarksOn(status),
    entries: () => entries.inOrder(),
    judgeCompanions: () => [],
    locateRewrite: () => locateRewrite(log, evidence, entries),
  };
}
