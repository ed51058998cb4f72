/**
 * All calls that the filters mean as one file, a page of them at a time: what was read goes to the browser's own store
 * of files, so that a million of them need no more memory here than a page.
 */

import type { CallPage } from "#dashboard/activity/answers.ts";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import type { Problem } from "#dashboard/api/problem.ts";
import { request } from "#dashboard/api/request.ts";
import { CSV_HEADER, csvLine } from "./csv-lines.ts";
import { followCursors } from "./follow-cursors.ts";

export type ExportFormat = "csv" | "ndjson";

interface FormatTerms {
  readonly type: string;
  readonly header: string;
  line(call: CallAnswer): string;
}

const FORMATS: Readonly<Record<ExportFormat, FormatTerms>> = {
  csv: { type: "text/csv;charset=utf-8", header: CSV_HEADER, line: csvLine },
  ndjson: {
    type: "application/x-ndjson",
    header: "",
    line: (call) => `${JSON.stringify(call)}\n`,
  },
};

export class ExportStopped extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

interface ExportTerms {
  readonly format: ExportFormat;
  /** Of a page that begins after a cursor. */
  readonly pathOf: (cursor: string | null) => string;
  readonly signal: AbortSignal;
  readonly onProgress: (calls: number) => void;
}

/** Throws ExportStopped, or what the signal aborts with: a file is all of it or none. */
export async function exportCalls(terms: ExportTerms): Promise<{ calls: number; file: Blob }> {
  const { format, pathOf, signal, onProgress } = terms;
  const { type, header, line } = FORMATS[format];
  const parts: Blob[] = [new Blob([header])];
  let calls = 0;
  for await (const page of followCursors((cursor) => readPage(pathOf(cursor), signal))) {
    parts.push(new Blob([page.map(line).join("")]));
    calls += page.length;
    onProgress(calls);
  }
  return { calls, file: new Blob(parts, { type }) };
}

const TRIES_MAX = 4;
const WAIT_SECONDS_USUAL = 2;

/** An answer that says when to come again is asked again. */
async function readPage(path: string, signal: AbortSignal): Promise<CallPage> {
  for (let tries = 1; ; tries++) {
    const reply = await request<CallPage>(path, { signal });
    if (reply.ok) return reply.data;
    const mayPass = [0, 429, 503].includes(reply.problem.status);
    if (!mayPass || tries >= TRIES_MAX) throw new ExportStopped(reply.problem);
    await wait(reply.problem.retryAfterSeconds ?? WAIT_SECONDS_USUAL, signal);
  }
}

function wait(seconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, seconds * 1000);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    reject(signal.reason);
  });
  return promise;
}
