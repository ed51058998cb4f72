/** The page's end of the proof worker. It is started with the first question and stays. */
import type { ProofQuestion } from "./proof-question.ts";
import type { ProofReport } from "./proof-report.ts";
import type { ProofReply, ProofRequest } from "./proof-worker.ts";
import { proofWorkerUrl } from "./worker-url.ts";

/** An entry of 65,535 bytes takes milliseconds; a worker that does not answer is none. */
const ANSWER_MS_MAX = 20_000;

interface Waiting {
  readonly resolve: (report: ProofReport) => void;
  readonly reject: (error: Error) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

const waiting = new Map<number, Waiting>();
let worker: Worker | null = null;
let lastId = 0;

export function judgeInWorker(question: ProofQuestion): Promise<ProofReport> {
  return new Promise((resolve, reject) => {
    lastId += 1;
    const id = lastId;
    const timer = setTimeout(() => settle(id, new Error("it does not answer")), ANSWER_MS_MAX);
    waiting.set(id, { resolve, reject, timer });
    worker ??= startWorker();
    worker.postMessage({ id, question } satisfies ProofRequest);
  });
}

function startWorker(): Worker {
  const started = new Worker(proofWorkerUrl(), { type: "module", name: "mcpg-proof" });
  started.onmessage = ({ data }: MessageEvent<ProofReply>) =>
    settle(data.id, "error" in data ? new Error(data.error) : data.report);
  // Refused by the browser, or gone from the server after a deployment: the next question starts another.
  started.onerror = () => {
    started.terminate();
    worker = null;
    for (const id of [...waiting.keys()]) settle(id, new Error("it could not be started"));
  };
  return started;
}

function settle(id: number, outcome: ProofReport | Error): void {
  const asker = waiting.get(id);
  if (asker === undefined) return;
  waiting.delete(id);
  clearTimeout(asker.timer);
  if (outcome instanceof Error) asker.reject(outcome);
  else asker.resolve(outcome);
}
