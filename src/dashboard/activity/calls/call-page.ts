/** One page of a list. A filter that finds little has the server look through much: it may have to be asked again. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { CallPage } from "#dashboard/activity/answers.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { leaveForSignIn } from "#dashboard/api/leave.ts";
import type { Problem } from "#dashboard/api/problem.ts";
import { request } from "#dashboard/api/request.ts";

export const PAGE_ROWS = 100;

/** What is looked through without being asked: more is the reader's to wait for. */
const LOOKS_UNASKED = 3;

export interface ShownPage {
  /** The question that these calls answer. */
  readonly path: string | null;
  readonly calls: readonly CallAnswer[];
  readonly nextCursor: string | null;
  readonly scannedTo: string | null;
  readonly problem: Problem | null;
  readonly isLooking: boolean;
}

const NONE: ShownPage = {
  path: null,
  calls: [],
  nextCursor: null,
  scannedTo: null,
  problem: null,
  isLooking: true,
};

export interface AskedPage extends ShownPage {
  keepLooking(): void;
}

/** `pathOf` a limit and the cursor to go on from. */
export function useCallPage(
  pathOf: (limit: number, cursor: string | null) => string,
  cursor: string | null,
): AskedPage {
  const path = pathOf(PAGE_ROWS, cursor);
  const [shown, setShown] = useState(NONE);
  const controller = useRef<AbortController | null>(null);
  const look = async (from: ShownPage, signal: AbortSignal) => {
    let page: ShownPage = { ...from, isLooking: true, problem: null };
    for (let looks = 0; looks < LOOKS_UNASKED; looks++) {
      setShown(page);
      page = await lookFurther(page, pathOf, cursor, signal);
      const isEnough = page.nextCursor === null || page.calls.length >= PAGE_ROWS;
      if (signal.aborted || isEnough || page.problem !== null) break;
    }
    if (!signal.aborted) setShown({ ...page, isLooking: false });
  };
  const start = (from: ShownPage) => {
    controller.current?.abort();
    const own = new AbortController();
    controller.current = own;
    void look(from, own.signal).catch(() => undefined);
  };
  // Asked before the paint, as in useAsk.
  useLayoutEffect(() => {
    start({ ...NONE, path });
    return () => controller.current?.abort();
  }, [path]);
  // Rows of another question are not drawn once more only to go.
  const current = shown.path === path ? shown : { ...NONE, path };
  return { ...current, keepLooking: () => start(current) };
}

async function lookFurther(
  page: ShownPage,
  pathOf: (limit: number, cursor: string | null) => string,
  first: string | null,
  signal: AbortSignal,
): Promise<ShownPage> {
  const path = pathOf(PAGE_ROWS - page.calls.length, page.nextCursor ?? first);
  const reply = await request<CallPage>(path, { signal });
  if (!reply.ok && reply.problem.status === 401) leaveForSignIn();
  const told = reply.ok
    ? {
        calls: [...page.calls, ...reply.data.invocations],
        nextCursor: reply.data.next_cursor,
        scannedTo: reply.data.scanned_to ?? null,
        problem: null,
      }
    : { problem: reply.problem };
  return { ...page, ...told };
}
