/** An answer as text: parsed and written again it might be another one. */
import { useEffect, useState } from "preact/hooks";
import { leaveForSignIn } from "#dashboard/api/leave.ts";
import { type Problem, problemOf, UNREACHABLE } from "#dashboard/api/problem.ts";

export interface AskedText {
  readonly text: string | null;
  readonly problem: Problem | null;
  retry(): void;
}

const NOTHING = { text: null, problem: null };

export function useAskText(path: string): AskedText {
  const [known, setKnown] = useState<Omit<AskedText, "retry">>(NOTHING);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    setKnown(NOTHING);
    readAnswer(path, controller.signal).then((found) => {
      if (!controller.signal.aborted) setKnown(found);
    });
    return () => controller.abort();
  }, [path, round]);
  return { ...known, retry: () => setRound((count) => count + 1) };
}

async function readAnswer(path: string, signal: AbortSignal): Promise<Omit<AskedText, "retry">> {
  try {
    const response = await fetch(path, { signal, cache: "no-store", credentials: "same-origin" });
    if (response.status === 401) leaveForSignIn();
    const text = await response.text();
    if (response.ok) return { text, problem: null };
    const body: unknown = parsed(text);
    const retryAfter = response.headers.get("retry-after");
    return { text: null, problem: problemOf(response.status, body, retryAfter) };
  } catch {
    return { text: null, problem: UNREACHABLE };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
