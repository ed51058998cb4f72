/** A view's question. What was known stays while it is asked anew, and its age tells what it is worth. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { leaveForSignIn } from "./leave.ts";
import { liveTick } from "./live.ts";
import type { Problem } from "./problem.ts";
import { type Reply, request } from "./request.ts";
import { serverNowMs } from "./server-clock.ts";
import { useVisibleInterval } from "./visible-interval.ts";

export interface Asked<T> {
  readonly data: T | null;
  readonly error: Problem | null;
  readonly isLoading: boolean;
  /** When `data` came, by the server's clock. */
  readonly atMs: number | null;
  retry(): void;
}

export interface AskOptions {
  /** Asked anew this often, in tabs that are seen. */
  readonly pollMs?: number;
  /** Asked anew when the org has new calls, or time has gone on (live.ts). */
  readonly isLive?: boolean;
  /**
   * What the data is of, default the path: while it is the same, data outlives a failure. Of a relative range, whose
   * path is another each time, it is the range.
   */
  readonly question?: string | null;
}

interface Known<T> extends Omit<Asked<T>, "retry"> {
  /** The path last asked, and the question that `data` answers. */
  readonly path: string | null;
  readonly question: string | null;
}

const NOTHING = {
  path: null,
  question: null,
  data: null,
  error: null,
  isLoading: false,
  atMs: null,
};

/** Without a path nothing is asked and nothing known. */
export function useAsk<T>(path: string | null, options: AskOptions = {}): Asked<T> {
  const { pollMs = null, isLive = false, question = path } = options;
  const [known, setKnown] = useState<Known<T>>(NOTHING);
  const [round, setRound] = useState({ count: 0, isPoll: false });
  const again = (isPoll: boolean) => setRound(({ count }) => ({ count: count + 1, isPoll }));
  const retry = () => again(false);
  const tick = isLive ? liveTick.value : 0;
  const asked = useRef({ round, tick: liveTick.peek() });
  useVisibleInterval(path === null ? null : pollMs, () => again(true));

  // Each round and tick asks anew. Before the paint, which takes a frame that the answer need not wait for.
  useLayoutEffect(() => {
    if (path === null) return;
    const controller = new AbortController();
    const isTick = asked.current.tick !== liveTick.peek();
    const isPoll = isTick || (round.isPoll && asked.current.round !== round);
    asked.current = { round, tick: liveTick.peek() };
    // Of another path it follows that it is loading: the view is drawn once for it, not twice.
    setKnown((before) => (before.path === path ? { ...before, isLoading: true } : before));
    request<T>(path, { signal: controller.signal, isPoll }).then(
      (reply) => {
        if (controller.signal.aborted) return;
        if (!reply.ok && reply.problem.status === 401) leaveForSignIn();
        setKnown((before) => learn(before, reply, path, question));
      },
      // It was superseded: whoever did so asks for himself.
      () => undefined,
    );
    return () => controller.abort();
  }, [path, round, tick]);

  if (path === null) return { ...NOTHING, retry };
  const { data, error, atMs } = known;
  return { data, error, atMs, isLoading: known.isLoading || known.path !== path, retry };
}

function learn<T>(
  before: Known<T>,
  reply: Reply<T>,
  path: string,
  question: string | null,
): Known<T> {
  const told = { path, question, isLoading: false };
  if (reply.ok) return { ...told, data: reply.data, error: null, atMs: serverNowMs() };
  const isStill = before.question === question;
  const { data, atMs } = isStill ? before : NOTHING;
  return { ...told, data, error: reply.problem, atMs };
}
