import { expect, test } from "vitest";
import type { CallPage } from "#dashboard/activity/answers.ts";
import { ExportTooLarge, exportCalls } from "#dashboard/activity/calls/export-calls.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";

const CALLS = 1_000;

function exporting({ pages, charsMax = null }: { pages: number; charsMax?: number | null }) {
  const steps: string[] = [];
  let written = 0;
  const read = async (cursor: string | null): Promise<CallPage> => {
    const page = Number(cursor ?? 0);
    steps.push(`read ${page}`);
    const ids = Array.from({ length: CALLS }, (_, at) => `${page}-${at}`);
    const invocations = ids.map((id) => ({ id }) as CallAnswer);
    return { invocations, next_cursor: page === pages - 1 ? null : String(page + 1) };
  };
  const write = async (text: string) => {
    written += text.length;
    steps.push(`write ${text.split("\n").length - 1}`);
  };
  const file = { charsMax, write };
  const end = exportCalls({ format: "ndjson", file, read, onProgress: () => undefined });
  return { end, steps, written: () => written };
}

test("an export writes each page before it reads the next, and all of them", async () => {
  const { end, steps } = exporting({ pages: 3 });
  expect(await end).toBe(3 * CALLS);
  const pages = [0, 1, 2].flatMap((page) => [`read ${page}`, `write ${CALLS}`]);
  expect(steps).toEqual(["write 0", ...pages]);
});

test("a file that is held in the page is refused before it is larger than may be held", async () => {
  const { end, steps, written } = exporting({ pages: 100, charsMax: 50_000 });
  await expect(end).rejects.toBeInstanceOf(ExportTooLarge);
  expect(written()).toBeLessThanOrEqual(50_000);
  expect(steps.length).toBeLessThan(20);
});
