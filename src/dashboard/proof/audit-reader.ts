/** GET requests under an org's audit log. Nothing that they answer is trusted, nor judged here. */
import { type AnsweredEntry, parseEntryAnswer } from "./entry-answer.ts";
import { type OpenedProof, openProof } from "./judge-inclusion.ts";
import type { Neighbour, ProvenText } from "./proof-question.ts";

export interface TextAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * GET of what follows `/v1/orgs/{org}/audit`: a path with its slash, or a query. What cannot be reached is its
 * error to throw.
 */
export type GetAuditText = (path: string) => Promise<TextAnswer>;

export class AuditReader {
  readonly #get: GetAuditText;
  readonly #log: number;

  constructor(get: GetAuditText, log: number) {
    this.#get = get;
    this.#log = log;
  }

  pathOf(path: string): string {
    const slash = path.startsWith("?") ? "" : "/";
    return `${slash}${path}${path.includes("?") ? "&" : "?"}log=${this.#log}`;
  }

  /** Null for whatever is not there, or not told. */
  async text(path: string): Promise<string | null> {
    const { status, text } = await this.#get(this.pathOf(path));
    return status === 200 ? text : null;
  }

  async entry(seq: number): Promise<AnsweredEntry | null> {
    const text = await this.text(String(seq));
    const entry = text === null ? null : parseEntryAnswer(text);
    return entry?.seq === seq ? entry : null;
  }

  async neighbour(seq: number): Promise<Neighbour> {
    const { status, text } = await this.#get(this.pathOf(String(seq)));
    if (status === 404) return { kind: "none" };
    if (status === 410) return { kind: "pruned" };
    const body = status === 200 ? parseEntryAnswer(text)?.body : undefined;
    return body === undefined ? { kind: "unknown" } : { kind: "entry", body };
  }

  consistency(old: number, size: number): Promise<string | null> {
    return this.#logText(`consistency?old=${old}&new=${size}`);
  }

  cutover(size: number): Promise<string | null> {
    return this.#logText(`checkpoint?size=${size}`);
  }

  /** Under the log's own name, as transparency-log tools read it. */
  async #logText(path: string): Promise<string | null> {
    const name = this.#log === 1 ? "log" : `log-${this.#log}`;
    const { status, text } = await this.#get(`/${name}/${path}`);
    return status === 200 ? text : null;
  }
}

/** An entry and its proof, if that is under the same head; else null. */
export async function readProvenUnder(
  log: AuditReader,
  seq: number,
  { proof: { checkpoint } }: OpenedProof,
): Promise<ProvenText | null> {
  const [proof, entry] = await Promise.all([log.text(`${seq}/proof`), log.entry(seq)]);
  if (proof === null || entry === null) return null;
  return openProof(proof)?.proof.checkpoint === checkpoint ? { body: entry.body, proof } : null;
}
