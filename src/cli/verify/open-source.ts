import { HttpLog } from "#cli/verify/online/http-log.ts";
import { openOnline } from "#cli/verify/online/online-source.ts";
import { openPackInput } from "#cli/verify/pack/pack-input.ts";
import { openPack } from "#cli/verify/pack/pack-source.ts";
import type { KeptCheckpoint } from "#formats/ledger/evidence.ts";
import type { VerifierKey } from "#formats/tlog/note-key.ts";
import { openFiles } from "./files-source.ts";
import type { LogSource } from "./log-source.ts";
import { UsageError } from "./no-verdict.ts";
import type { OnlineOptions, VerifyOptions } from "./options.ts";
import { readText } from "./read-file.ts";

interface KnownLog {
  readonly pinned: VerifierKey | null;
  readonly kept: readonly KeptCheckpoint[];
}

export async function openSource(
  options: VerifyOptions["source"],
  known: KnownLog,
): Promise<LogSource> {
  switch (options.kind) {
    case "pack":
      return openPack(await openPackInput(options.file));
    case "files":
      return openFiles(options);
    case "online":
      return openServer(options, known);
  }
}

async function openServer(options: OnlineOptions, { pinned, kept }: KnownLog): Promise<LogSource> {
  const token = ((await readText(options.tokenFile)) ?? "").trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw new UsageError("--token-file holds no token");
  const http = new HttpLog(`${options.url}/v1/orgs/${options.org}/audit`, token);
  const origin = pinned?.name ?? kept[0]?.checkpoint.origin;
  const log = options.log ?? (origin === undefined ? null : logOfOrigin(origin));
  const sizes = kept.map(({ checkpoint }) => checkpoint.size);
  return openOnline(http, { org: options.org, log }, sizes);
}

/** After a recovery, what was pinned or kept is still of the log that was frozen. */
function logOfOrigin(origin: string): number {
  return Number(/\/audit\/log-([1-9][0-9]*)$/.exec(origin)?.[1] ?? 1);
}
