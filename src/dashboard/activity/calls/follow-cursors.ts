/** All pages of a list, one after the other: a short page, or an empty one, is no end while it carries a cursor. */

import type { CallPage } from "#dashboard/activity/answers.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";

/** Throws what keeps a page from being read. */
export type PageReader = (cursor: string | null) => Promise<CallPage>;

export async function* followCursors(read: PageReader): AsyncGenerator<readonly CallAnswer[]> {
  let cursor: string | null = null;
  do {
    const page: CallPage = await read(cursor);
    yield page.invocations;
    cursor = page.next_cursor;
  } while (cursor !== null);
}
