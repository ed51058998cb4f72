/** Takes the list elsewhere: as a file of all of it, as a link, as the request that it is. */
import { useEffect, useRef, useState } from "preact/hooks";
import { curlCommand } from "#dashboard/activity/curl-command.ts";
import { saveFile } from "#dashboard/api/save-file.ts";
import { CopyButton } from "#dashboard/parts/copy-button.tsx";
import { formatCount } from "#dashboard/parts/format-figure.ts";
import { announce } from "#dashboard/parts/status.tsx";
import { type ExportFormat, ExportStopped, exportCalls } from "./export-calls.ts";

interface ExportPanelTerms {
  /** The list's request, with a limit and the cursor of a page. */
  pathOf(limit: number, cursor: string | null): string;
  /** Of the file, without what tells its format. */
  fileName: string;
  /** What is shown here, with times that do not move. */
  fixedHref: string;
  rowsText: string;
}

/** As many as the API gives at once. */
const PAGE_MAX = 1000;
const SHOWN_PAGE = 100;

type Running = { readonly format: ExportFormat; readonly calls: number } | null;

export function ExportPanel({ pathOf, fileName, fixedHref, rowsText }: ExportPanelTerms) {
  const [running, setRunning] = useState<Running>(null);
  const [told, setTold] = useState("");
  const controller = useRef<AbortController | null>(null);
  useEffect(() => () => controller.current?.abort(), []);
  const start = async (format: ExportFormat) => {
    const own = new AbortController();
    controller.current = own;
    setTold("");
    setRunning({ format, calls: 0 });
    const end = await exportTo(format, own.signal);
    if (controller.current !== own) return;
    controller.current = null;
    setRunning(null);
    setTold(end);
    announce(end);
  };
  const exportTo = async (format: ExportFormat, signal: AbortSignal): Promise<string> => {
    try {
      const { calls, file } = await exportCalls({
        format,
        pathOf: (cursor) => pathOf(PAGE_MAX, cursor),
        signal,
        onProgress: (read) => setRunning({ format, calls: read }),
      });
      saveFile(file, `${fileName}.${format}`);
      return `${formatCount(calls)} calls saved as ${format.toUpperCase()}.`;
    } catch (error) {
      if (signal.aborted) return "Stopped: no file was saved.";
      const why = error instanceof ExportStopped ? error.problem.title : "it could not be written";
      return `No file was saved: ${why}.`;
    }
  };
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
          <button
            type="button"
            class="button button-small"
            onClick={() => controller.current?.abort()}
          >
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
