/**
 * An entry as `GET …/audit/{seq}` answers: the event stands in it as the text that was hashed, and is taken out
 * as text. Parsed and written again it might be another one.
 */
import { isDecimal } from "#formats/tlog/decimal.ts";

export interface AnsweredEntry {
  readonly seq: number;
  /** As the server says; what the text hashes to is for whoever checks it. */
  readonly hash: string;
  readonly previousHash: string;
  readonly body: string;
}

const ANSWER =
  /^\{"seq":(0|[1-9]\d{0,15}),"hash":"([0-9a-f]{64})","previous_hash":"([0-9a-f]{64})","event":(\{.*\})\}$/su;

/** Null for a text of any other form. */
export function parseEntryAnswer(text: string): AnsweredEntry | null {
  const [, seqText = "", hash = "", previousHash = "", body = ""] = ANSWER.exec(text) ?? [];
  const seq = Number(seqText);
  return body === "" || !isDecimal(seq) ? null : { seq, hash, previousHash, body };
}
