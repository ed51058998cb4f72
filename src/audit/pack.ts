/** An export pack: a tar of entries and of all that it takes to verify them, now or in ten years. */

import { createTarPacker, type TarPackController } from "modern-tar";
import type { PlannedExport } from "#audit/ledger/export-range.ts";
import type { EntryTime } from "#audit/ledger/times/timed-range.ts";
import { findAuditLog } from "#audit/store/audit-logs.ts";
import { encodeBase64 } from "#formats/base64.ts";
import { packReadme, vkeyOfHead } from "#formats/ledger/pack-readme.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { logError } from "#platform/log-error.ts";
import { originHost } from "#platform/settings.ts";
import { shardDatabase } from "#platform/shards.ts";
import { type LogAddress, logOrigin } from "./audit-log.ts";
import type { Export } from "./export-entries.ts";

interface PackFile {
  name: string;
  text: string;
}

const utf8 = new TextEncoder();

/** The entries come last: whoever reads the pack as a stream has by then what to check them with. */
export async function packStream(
  env: Env,
  { planned, address, time, lines }: Export,
  requestId: string,
): Promise<ReadableStream<Uint8Array>> {
  const files = await packFiles(env, address, planned, time);
  const { readable, controller } = createTarPacker();
  writePack(controller, files, planned.bytes, lines).catch((error: unknown) => {
    logError(error, { request_id: requestId });
    controller.error(error);
  });
  return readable;
}

async function writePack(
  controller: TarPackController,
  files: readonly PackFile[],
  bytes: number,
  lines: AsyncIterable<Uint8Array>,
): Promise<void> {
  const mtime = new Date();
  for (const { name, text } of files) {
    const content = utf8.encode(text);
    const writer = controller.add({ name, size: content.length, mtime }).getWriter();
    if (content.length > 0) await writer.write(content);
    await writer.close();
  }
  const writer = controller.add({ name: "entries.ndjson", size: bytes, mtime }).getWriter();
  for await (const chunk of lines) await writer.write(chunk);
  await writer.close();
  controller.finalize();
}

async function packFiles(
  env: Env,
  address: LogAddress,
  { from, to, minIndex, evidence }: PlannedExport,
  time: EntryTime | null,
): Promise<PackFile[]> {
  if (evidence === null) return fail({ kind: "internal" });
  const { checkpoint, treeSize, prefix, consistency, proofs } = evidence;
  const origin = logOrigin(originHost(env), address);
  const row = await findAuditLog(shardDatabase(env, address.shard), address);
  const keys = row?.keys ?? [];
  const seqs = { fromSeq: from, toSeq: to, treeSize, minimumIndex: minIndex };
  const summary = { origin, ...seqs, ...(time !== null && { time }) };
  const log = {
    origin,
    from_seq: from,
    to_seq: to,
    tree_size: treeSize,
    minimum_index: minIndex,
    ...time,
  };
  const former = keys.filter(({ toSize }) => toSize !== null && toSize <= treeSize);
  return [
    { name: "README.md", text: packReadme(summary, vkeyOfHead(keys, treeSize)) },
    { name: "log.json", text: json(log) },
    { name: "keys.json", text: json({ keys: keys.map(keyJson) }) },
    { name: "checkpoint", text: checkpoint },
    ...former.map((key) => ({ name: `checkpoints/${key.toSize}`, text: key.checkpoint ?? "" })),
    { name: "prefix", text: hashLines(prefix) },
    { name: "consistency", text: hashLines(consistency) },
    ...proofs.map(({ seq, proof }) => ({ name: `proofs/${seq}.tlog-proof`, text: proof })),
  ];
}

function keyJson({
  vkey,
  fromSize,
  toSize,
}: {
  vkey: string;
  fromSize: number;
  toSize: number | null;
}) {
  return { vkey, from_size: fromSize, to_size: toSize };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function hashLines(hashes: readonly Uint8Array[]): string {
  return hashes.map((hash) => `${encodeBase64(hash)}\n`).join("");
}
