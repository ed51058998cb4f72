/** A synthetic log behind the paths of `GET /v1/orgs/{org}/audit/…`, as a server answers, or as one that cheats. */

import type { GetAuditText, TextAnswer } from "#dashboard/proof/audit-reader.ts";
import { encodeHex } from "#formats/hex.ts";
import { entryHash } from "#formats/ledger/entry.ts";
import { sha256 } from "#formats/sha256.ts";
import { inclusionProof } from "#formats/tlog/merkle-proof.ts";
import { formatTlogProof } from "#formats/tlog/tlog-proof.ts";
import { hashLines, type SyntheticLog } from "../harness/synthetic-log.ts";

/** By path without its `log` parameter: an answer in place of the honest one. */
export type Cheats = Readonly<Record<string, (honest: TextAnswer) => TextAnswer>>;

export function entryText(log: SyntheticLog, seq: number): string {
  return new TextDecoder().decode(log.entries[seq]);
}

export function proofText(log: SyntheticLog, seq: number): string {
  const hashes = inclusionProof(seq, log.size, log.node);
  return formatTlogProof({ index: seq, hashes, checkpoint: log.checkpoint ?? "" });
}

export function serve(log: SyntheticLog, cheats: Cheats = {}, asked: string[] = []): GetAuditText {
  return async (path) => {
    const url = new URL(`https://mcpg.local/audit${path}`);
    url.searchParams.delete("log");
    const plain = `${url.pathname.slice("/audit/".length)}${url.search}`;
    asked.push(plain);
    const honest = answerOf(log, url, plain);
    return cheats[plain]?.(honest) ?? honest;
  };
}

function answerOf(log: SyntheticLog, { searchParams }: URL, plain: string): TextAnswer {
  const [, seqText, isProof] = /^(\d+)(\/proof)?$/.exec(plain) ?? [];
  if (seqText !== undefined) return entryOrProof(log, Number(seqText), isProof !== undefined);
  const number = (name: string) => Number(searchParams.get(name));
  const answers: Record<string, () => string | undefined> = {
    keys: () => log.keysJson(),
    status: () => JSON.stringify({ tree_size: log.entries.length }),
    consistency: () => hashLines(log.consistency(number("old"), number("new"))),
    checkpoint: () => log.checkpoints.get(number("size")),
    "": () => searchJson(log, searchParams.get("action")),
  };
  const name = plain.replace(/\?.*$/, "").replace(/^log(-\d+)?\//, "");
  const text = answers[name]?.();
  return text === undefined ? { status: 404, text: "" } : found(text);
}

function entryOrProof(log: SyntheticLog, seq: number, isProof: boolean): TextAnswer {
  if (log.entries[seq] === undefined) return { status: 404, text: "" };
  if (seq < log.minimumIndex) return { status: 410, text: "" };
  if (!isProof) return found(entryAnswerText(log, seq));
  return seq >= log.size ? { status: 409, text: "" } : found(proofText(log, seq));
}

function entryAnswerText(log: SyntheticLog, seq: number): string {
  const body = entryText(log, seq);
  const { previous_hash: previous } = JSON.parse(body);
  const hash = entryHash(log.entries[seq]!);
  return `{"seq":${seq},"hash":"${hash}","previous_hash":"${previous}","event":${body}}`;
}

function searchJson(log: SyntheticLog, action: string | null): string {
  const events = log.entries.map((_, seq) => ({ seq, event: JSON.parse(entryText(log, seq)) }));
  return JSON.stringify({ events: events.filter(({ event }) => event.action === action) });
}

function found(text: string): TextAnswer {
  return { status: 200, text };
}

export function shownHash(text: string): string {
  return encodeHex(sha256(new TextEncoder().encode(text)));
}
