/** Calls that came since the list was read: rows do not move under a reader's hand, a button tells how many came. */
import { useEffect, useState } from "preact/hooks";
import type { CallPage } from "#dashboard/activity/answers.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { liveTick } from "#dashboard/api/live.ts";
import { request } from "#dashboard/api/request.ts";

/** Of a first page that is asked anew, those that are not shown. */
export function countNew(shown: readonly CallAnswer[], newest: readonly CallAnswer[]): number {
  const ids = new Set(shown.map(({ id }) => id));
  return newest.filter(({ id }) => !ids.has(id)).length;
}

/** `pathOf` now; null where the list does not begin with the newest calls, or is of a time that is over. */
export function useNewCalls(
  pathOf: (() => string) | null,
  shown: readonly CallAnswer[],
  isSettled: boolean,
): number {
  const [count, setCount] = useState(0);
  const tick = liveTick.value;
  const isWatching = pathOf !== null && isSettled;
  useEffect(() => {
    setCount(0);
  }, [shown, isWatching]);
  useEffect(() => {
    if (!isWatching || tick === 0) return;
    const controller = new AbortController();
    request<CallPage>(pathOf(), { signal: controller.signal }).then(
      (reply) => reply.ok && setCount(countNew(shown, reply.data.invocations)),
      () => undefined,
    );
    return () => controller.abort();
  }, [tick]);
  return count;
}
