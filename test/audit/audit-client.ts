/** An org's audit log as its clients see it: over HTTP, verified with what HTTP alone gives. */
import { parseCanonicalJson } from "#formats/canonical-json.ts";
import { type Checkpoint, parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { leafHash } from "#formats/tlog/merkle-hash.ts";
import { verifyInclusion } from "#formats/tlog/merkle-verify.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { parseNote, verifyNote } from "#formats/tlog/signed-note.ts";
import { parseTlogProof } from "#formats/tlog/tlog-proof.ts";
import { getJson, requireStatus } from "../harness/answers.ts";
import { type CallOptions, call } from "../harness/deployment.ts";

export const EVENT = { actor: "user:alice@acme", action: "tool.call.allowed", outcome: "allowed" };

export interface HttpReceipt {
  seq: number;
  event_id: string;
  hash: string;
  previous_hash: string;
}

export interface SentReport {
  token?: string;
  instance?: string;
}

export function postEvents(
  org: string,
  events: readonly unknown[],
  { token, instance = "gw-1" }: SentReport = {},
): Promise<Response> {
  const body = { instance_id: instance, events };
  return call("POST", `/v1/orgs/${org}/audit`, { body, ...(token && { token }) });
}

export async function appendEvents(
  org: string,
  events: readonly unknown[],
  sent: SentReport = {},
): Promise<HttpReceipt[]> {
  const response = await requireStatus(201, postEvents(org, events, sent));
  return ((await response.json()) as { receipts: HttpReceipt[] }).receipts;
}

export function getAudit(org: string, path: string, options: CallOptions = {}): Promise<Response> {
  return call("GET", `/v1/orgs/${org}/audit${path}`, options);
}

export async function auditText(org: string, path: string): Promise<string> {
  // Not `text()`: the runtime warns of each body whose type is not text.
  const bytes = await (await requireStatus(200, getAudit(org, path))).arrayBuffer();
  return new TextDecoder().decode(bytes);
}

export async function auditJson<Body>(org: string, path: string): Promise<Body> {
  return getJson(`/v1/orgs/${org}/audit${path}`);
}

export interface AuditEntry {
  seq: number;
  hash: string;
  previous_hash: string;
  event: Record<string, unknown> & { details: Record<string, unknown> | null };
}

/** Newest first. */
export async function auditEntries(org: string, query = ""): Promise<AuditEntry[]> {
  return (await auditJson<{ events: AuditEntry[] }>(org, query)).events;
}

export interface LogStatusBody {
  origin: string;
  log: number;
  tree_size: number;
  head: { seq: number; hash: string } | null;
  checkpoint: { size: number; signed_at: string } | null;
  unsigned_entries: number;
  unsigned_since: string | null;
  minimum_index: number;
  frozen: boolean;
  frozen_reason: string | null;
  frozen_at: string | null;
  successor: number | null;
  misconfigured: string | null;
  seed: string;
  removable_seeds: string[];
  holds: number;
  recorded_ahead_until: string | null;
  deletion: { waits_until: string | null };
  retention: { days: number; ranges: { from_seq: number; days: number }[] };
  scrub: {
    last_full_pass: { completed_at: string; size: number } | null;
    pass_under_way: { started_at: string; position: number; size: number } | null;
    next_pass_at: string | null;
  };
}

export function statusOf(org: string, query = ""): Promise<LogStatusBody> {
  return auditJson(org, `/status${query}`);
}

/** Signs the head, and returns the note. */
export async function signHead(org: string): Promise<string> {
  const answer = call("POST", `/v1/orgs/${org}/audit/checkpoint`);
  return (await requireStatus(200, answer)).text();
}

export interface KeyBody {
  vkey: string;
  from_size: number;
  to_size: number | null;
}

export async function keysOf(org: string, query = ""): Promise<KeyBody[]> {
  return (await auditJson<{ keys: KeyBody[] }>(org, `/keys${query}`)).keys;
}

/** What the note says; throws unless one of the keys signed it. */
export function verified(note: string, keys: readonly KeyBody[]): Checkpoint {
  const parsed = parseNote(note);
  const vkeys = keys.flatMap(({ vkey }) => parseVkey(vkey) ?? []);
  if (parsed === null || verifyNote(parsed, vkeys).kind !== "verified") {
    throw new Error(`not verified: ${note}`);
  }
  return parseCheckpoint(parsed.text)!;
}

/** The log's lines. The export is itself an entry, which is not among them. */
export async function exportedLines(org: string, query = ""): Promise<string[]> {
  const text = await auditText(org, `/export${query}`);
  return text === "" ? [] : text.slice(0, -1).split("\n");
}

export function parseLine(line: string): Record<string, unknown> {
  const event = parseCanonicalJson(line);
  if (event === null) throw new Error(`not canonical: ${line}`);
  return event;
}

/** True if the proof that is served for the entry proves that line under that very checkpoint. */
export async function isProven(
  org: string,
  { seq, line }: { seq: number; line: string },
  note: string,
): Promise<boolean> {
  const proof = parseTlogProof(await auditText(org, `/${seq}/proof`));
  if (proof?.checkpoint !== note) return false;
  const { size, root } = parseCheckpoint(parseNote(note)?.text ?? "")!;
  const leaf = leafHash(new TextEncoder().encode(line));
  return verifyInclusion({ index: seq, size, leaf, root, proof: proof.hashes });
}
