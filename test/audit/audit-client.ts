/** An org's audit log as its clients see it: over HTTP, verified with what HTTP alone gives. */
import { parseCanonicalJson } from "#formats/canonical-json.ts";
import { type Checkpoint, parseCheckpoint } from "#formats/tlog/checkpoint.ts";
import { leafHash } from "#formats/tlog/merkle-hash.ts";
import { verifyInclusion } from "#formats/tlog/merkle-verify.ts";
import { parseVkey } from "#formats/tlog/note-key.ts";
import { parseNote, verifyNote } from "#formats/tlog/signed-note.ts";
import { parseTlogProof } from "#formats/tlog/tlog-proof.ts";
import { type Call, call, type ProblemBody } from "../api.ts";

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

export async function report(
  org: string,
  events: readonly unknown[],
  sent: SentReport = {},
): Promise<HttpReceipt[]> {
  const response = await requireStatus(201, postEvents(org, events, sent));
  return ((await response.json()) as { receipts: HttpReceipt[] }).receipts;
}

export async function requireStatus(status: number, answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  if (response.status === status) return response;
  throw new Error(`${response.status} ${await response.text()}`);
}

/** Of an answer that must be a problem. */
export async function problem(answer: Promise<Response>): Promise<ProblemBody> {
  const response = await answer;
  if (response.status < 400) throw new Error(`${response.status}: no problem`);
  return response.json();
}

/** `[status, code]`, the part of a problem that clients act on. */
export async function refusal(answer: Promise<Response>): Promise<[number, string]> {
  const { status, code } = await problem(answer);
  return [status, code];
}

export function get(org: string, path: string, options: Call = {}): Promise<Response> {
  return call("GET", `/v1/orgs/${org}/audit${path}`, options);
}

export async function getText(org: string, path: string): Promise<string> {
  // Not `text()`: the runtime warns of each body whose type is not text.
  const bytes = await (await requireStatus(200, get(org, path))).arrayBuffer();
  return new TextDecoder().decode(bytes);
}

export async function getJson<Body>(org: string, path: string): Promise<Body> {
  return (await requireStatus(200, get(org, path))).json();
}

export interface LogStatusBody {
  origin: string;
  log: number;
  tree_size: number;
  head: { seq: number; hash: string } | null;
  checkpoint: { size: number; signed_at: string } | null;
  unsigned_entries: number;
  minimum_index: number;
  frozen: boolean;
  frozen_reason: string | null;
  frozen_at: string | null;
  successor: number | null;
  holds: number;
}

export function statusOf(org: string, query = ""): Promise<LogStatusBody> {
  return getJson(org, `/status${query}`);
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
  return (await getJson<{ keys: KeyBody[] }>(org, `/keys${query}`)).keys;
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
  const text = await getText(org, `/export${query}`);
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
  const proof = parseTlogProof(await getText(org, `/${seq}/proof`));
  if (proof?.checkpoint !== note) return false;
  const { size, root } = parseCheckpoint(parseNote(note)?.text ?? "")!;
  const leaf = leafHash(new TextEncoder().encode(line));
  return verifyInclusion({ index: seq, size, leaf, root, proof: proof.hashes });
}
