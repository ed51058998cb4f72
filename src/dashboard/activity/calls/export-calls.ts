/**
 * All calls that the filters mean as one file, a page of them at a time: no more of them is held than a page, but by a
 * file that has to be (growing-file.ts).
 */

import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import { CSV_HEADER, csvLine } from "./csv-lines.ts";
import { followCursors, type PageReader } from "./follow-cursors.ts";

export type ExportFormat = "csv" | "ndjson";

interface FormatTerms {
  readonly type: string;
  readonly header: string;
  line(call: CallAnswer): string;
}

export const FORMATS: Readonly<Record<ExportFormat, FormatTerms>> = {
  csv: { type: "text/csv;charset=utf-8", header: CSV_HEADER, line: csvLine },
  ndjson: {
    type: "application/x-ndjson",
    header: "",
    line: (call) => `${JSON.stringify(call)}\n`,
  },
};

/** More than this browser can make a file of. */
export class ExportTooLarge extends Error {}

interface ExportTerms {
  readonly format: ExportFormat;
  readonly file: {
    /** Null where it takes any number. */
    readonly charsMax: number | null;
    write(text: string): Promise<void>;
  };
  readonly read: PageReader;
  readonly onProgress: (calls: number) => void;
}

/** How many were written. Throws ExportTooLarge, or what keeps a page from being read. */
export async function exportCalls(terms: ExportTerms): Promise<number> {
  const { format, file, read, onProgress } = terms;
  const { header, line } = FORMATS[format];
  let calls = 0;
  let chars = 0;
  const write = (text: string) => {
    chars += text.length;
    if (file.charsMax !== null && chars > file.charsMax) throw new ExportTooLarge();
    return file.write(text);
  };
  await write(header);
  for await (const page of followCursors(read)) {
    await write(page.map(line).join(""));
    calls += page.length;
    onProgress(calls);
  }
  return calls;
}
