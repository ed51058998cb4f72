/** Takes the list elsewhere: as a file of all of it, as a link, as the request that it is. */
import { useEffect, useRef, useState } from "preact/hooks";
import { curlCommand } from "#dashboard/activity/curl-command.ts";
import { openFile } from "#dashboard/api/growing-file.ts";
import { CopyButton } from "#dashboard/parts/copy-button.tsx";
import { formatCount } from "#dashboard/parts/format-figure.ts";
import { announce } from "#dashboard/parts/status.tsx";
import { type ExportFormat, ExportTooLarge, exportCalls, FORMATS } from "./export-calls.ts";
import type { PageReader } from "./follow-cursors.ts";
import { ExportStopped, readPage } from "./read-page.ts";

interface ExportPanelTerms {
  /** The list's request, with a limit and the cursor of a page. */
  pathOf(limit: number, cursor: string | null): string;
  /** Of the file, without what tells its format. */
  fileName: string;
  /** What is shown here, with times that do not move. */
  fixedHref: string;
  rowsText(): string;
}

/** As many as the API gives at once. */
const PAGE_MAX = 1000;
const SHOWN_PAGE = 100;

type Running = { readonly format: ExportFormat; readonly calls: number } | null;

interface Export {
  readonly running: Running;
  /** How the last one ended. */
  readonly told: string;
  start(format: ExportFormat): Promise<void>;
  stop(): void;
}

export function ExportPanel({ pathOf, fileName, fixedHref, rowsText }: ExportPanelTerms) {
  const { running, told, start, stop } = useExport(pathOf, fileName);
  return (
    <fieldset class="export">
      <legend class="visually-hidden">Take these calls elsewhere</legend>
      {running === null ? (
        (["csv", "ndjson"] as const).map((format) => (
          <button
            key={format}
            type="button"
            class="button button-small"
            title="All calls that the filters mean, not this page alone"
            onClick={() => void start(format)}
          >
            {format.toUpperCase()}
          </button>
        ))
      ) : (
        <>
          <span class="export-progress">{formatCount(running.calls)} calls read</span>
          <button type="button" class="button button-small" onClick={stop}>
            Stop
          </button>
        </>
      )}
      <CopyButton label="Copy rows" text={rowsText} />
      <CopyButton label="Copy link" text={new URL(fixedHref, location.origin).href} />
      <CopyButton
        label="Copy as curl"
        text={curlCommand(location.origin, pathOf(SHOWN_PAGE, null))}
      />
      {told !== "" && <span class="export-told muted">{told}</span>}
    </fieldset>
  );
}

function useExport(pathOf: ExportPanelTerms["pathOf"], fileName: string): Export {
  const [running, setRunning] = useState<Running>(null);
  const [told, setTold] = useState("");
  const controller = useRef<AbortController | null>(null);
  const stop = () => controller.current?.abort();
  useEffect(() => stop, []);
  const start = async (format: ExportFormat) => {
    if (controller.current !== null) return;
    const own = new AbortController();
    controller.current = own;
    setTold("");
    const end = await exportTo(format, `${fileName}.${format}`, {
      signal: own.signal,
      read: (cursor) => readPage(pathOf(PAGE_MAX, cursor), own.signal),
      onProgress: (calls) => setRunning({ format, calls }),
    });
    controller.current = null;
    setRunning(null);
    setTold(end);
    announce(end);
  };
  return { running, told, start, stop };
}

interface ExportReading {
  readonly signal: AbortSignal;
  readonly read: PageReader;
  onProgress(calls: number): void;
}

/** What is to be told of it; nothing of what the reader took back. */
async function exportTo(
  format: ExportFormat,
  name: string,
  reading: ExportReading,
): Promise<string> {
  const file = await openFile(name, FORMATS[format].type);
  if (file === null) return "";
  reading.onProgress(0);
  try {
    const calls = await exportCalls({ format, file, ...reading });
    await file.finish();
    return `${formatCount(calls)} calls saved as ${format.toUpperCase()}.`;
  } catch (error) {
    await file.discard().catch(() => undefined);
    if (reading.signal.aborted) return "Stopped: no file was saved.";
    return `No file was saved: ${whyNot(error)}.`;
  }
}

function whyNot(error: unknown): string {
  if (error instanceof ExportStopped) return error.problem.title;
  if (!(error instanceof ExportTooLarge)) return "it could not be written";
  return "these are more calls than this browser can hold, and it lets no page write to the disk. Take less time at once, or a browser of Chromium's";
}
