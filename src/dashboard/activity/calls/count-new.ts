import type { CallAnswer } from "#dashboard/api/call-answer.ts";

/** Of a first page that is asked anew, those that are not shown. */
export function countNew(shown: readonly CallAnswer[], newest: readonly CallAnswer[]): number {
  const ids = new Set(shown.map(({ id }) => id));
  return newest.filter(({ id }) => !ids.has(id)).length;
}
