/** The Web Worker in which proofs are judged: a file of its own, which no script of the page can change. */
import { judgeEntry } from "./judge-entry.ts";
import type { ProofQuestion } from "./proof-question.ts";
import type { ProofReport } from "./proof-report.ts";

export interface ProofRequest {
  readonly id: number;
  readonly question: ProofQuestion;
}

export type ProofReply =
  | { readonly id: number; readonly report: ProofReport }
  | { readonly id: number; readonly error: string };

/** Of a worker's global scope, which the types of a page do not have. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ProofRequest>) => void) | null;
  postMessage(reply: ProofReply): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data: { id, question } }) => scope.postMessage(replyTo(id, question));

/** What a judgement throws on is its own fault, and must not pass for an entry's. */
function replyTo(id: number, question: ProofQuestion): ProofReply {
  try {
    return { id, report: judgeEntry(question) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}
