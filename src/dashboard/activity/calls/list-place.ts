/**
 * Which page of a list is shown, as `after` in the address: `2.lx3k9c.lx3m1s.<cursor>`. A cursor is of one list: with
 * another range, from whatever link, it is passed over, and the list begins anew.
 */
import type { AskedTimes } from "#dashboard/activity/activity-question.ts";

export interface ListPlace {
  /** From 1. */
  readonly page: number;
  readonly cursor: string | null;
}

export const FIRST_PAGE: ListPlace = { page: 1, cursor: null };

const RADIX = 36;

export function formatListPlace({ page, cursor }: ListPlace, times: AskedTimes): string | null {
  if (cursor === null) return null;
  return [page, times.fromMs.toString(RADIX), times.toMs.toString(RADIX), cursor].join(".");
}

export function parseListPlace(text: string | undefined, times: AskedTimes): ListPlace {
  const [, page = "", from, to, cursor = ""] =
    /^([1-9]\d{0,6})\.(-?[0-9a-z]+)\.(-?[0-9a-z]+)\.(.+)$/s.exec(text ?? "") ?? [];
  const isOfThem = from === times.fromMs.toString(RADIX) && to === times.toMs.toString(RADIX);
  return isOfThem ? { page: Number(page), cursor } : FIRST_PAGE;
}
