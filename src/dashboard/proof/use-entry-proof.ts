/** An entry's proof, fetched, judged in the worker, and what may be kept of it kept. */
import { useEffect, useState } from "preact/hooks";
import { judgeInWorker } from "./ask-worker.ts";
import { auditGetter } from "./audit-request.ts";
import { type Gathered, gatherQuestion } from "./gather-question.ts";
import { keepPin, type PinnedLog, readPin } from "./pinned-log.ts";
import type { ProofReport } from "./proof-report.ts";

/** The log is signed each minute. */
const LOOK_AGAIN_MS = 10_000;

export interface ProvedEntry {
  readonly org: string;
  readonly log: number;
  readonly seq: number;
  /** The text that is shown. */
  readonly shown: string;
  readonly toldHash: string;
}

export type ProofState =
  | { readonly kind: "checking" }
  | Exclude<Gathered, { readonly kind: "question" }>
  /** Nothing came back, or the check could not be made: that says nothing of the entry. */
  | { readonly kind: "unmade"; readonly reason: string }
  | {
      readonly kind: "judged";
      readonly report: ProofReport;
      /** What was kept before this check; it is what the log was held to. */
      readonly kept: PinnedLog | null;
      readonly isKept: boolean;
    };

export interface AskedProof {
  readonly state: ProofState;
  again(): void;
}

/** Null asks for nothing yet. */
export function useEntryProof(entry: ProvedEntry | null): AskedProof {
  const [state, setState] = useState<ProofState>({ kind: "checking" });
  const [round, setRound] = useState({ count: 0, isPoll: false });
  const { org, log, seq, shown, toldHash } = entry ?? NO_ENTRY;
  useEffect(() => {
    if (entry === null) return;
    const controller = new AbortController();
    setState((before) => (before.kind === "not_signed_yet" ? before : { kind: "checking" }));
    const terms = { signal: controller.signal, isPoll: round.isPoll };
    proofOf({ org, log, seq, shown, toldHash }, terms).then((found) => {
      if (!controller.signal.aborted) setState(found);
    });
    return () => controller.abort();
  }, [entry === null, org, log, seq, shown, toldHash, round]);
  const next = (isPoll: boolean) => setRound(({ count }) => ({ count: count + 1, isPoll }));
  useEffect(() => {
    if (state.kind !== "not_signed_yet") return;
    const timer = setTimeout(() => next(true), LOOK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  return { state, again: () => next(false) };
}

const NO_ENTRY: ProvedEntry = { org: "", log: 1, seq: 0, shown: "", toldHash: "" };

async function proofOf(
  entry: ProvedEntry,
  terms: Parameters<typeof auditGetter>[1],
): Promise<ProofState> {
  try {
    // First of all: what the server says after it must extend it.
    const kept = readPin(localStorage, entry.org, entry.log);
    const asked = { ...entry, pin: kept, nowMs: Date.now() };
    const gathered = await gatherQuestion(auditGetter(entry.org, terms), asked);
    if (gathered.kind !== "question") return gathered;
    const report = await judgeInWorker(gathered.question);
    const { toKeep } = report;
    const isKept = toKeep !== null && keepPin(localStorage, entry.org, entry.log, toKeep);
    return { kind: "judged", report, kept, isKept };
  } catch (error) {
    return { kind: "unmade", reason: error instanceof Error ? error.message : String(error) };
  }
}
