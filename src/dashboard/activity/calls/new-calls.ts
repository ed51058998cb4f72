/** Calls that came since the list was read: rows do not move under a reader's hand, a button tells how many came. */
import { useEffect, useState } from "preact/hooks";
import type { CallPage } from "#dashboard/activity/answers.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { liveTick } from "#dashboard/api/live.ts";
import { request } from "#dashboard/api/request.ts";
import { countNew } from "./count-new.ts";

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
    // Nobody asked: a list that is left open must not keep its reader's session.
    request<CallPage>(pathOf(), { signal: controller.signal, isPoll: true }).then(
      (reply) => reply.ok && setCount(countNew(shown, reply.data.invocations)),
      () => undefined,
    );
    return () => controller.abort();
  }, [tick]);
  return count;
}
