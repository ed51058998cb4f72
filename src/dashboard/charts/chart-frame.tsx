/** A figure: what it is, what it says in one sentence, and the same as a table. */
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";

interface ChartFrameTerms {
  title: string;
  /** For who cannot see it, and for who has no time to. */
  summary: ComponentChildren;
  tools?: ComponentChildren;
  table(): ComponentChildren;
  children: ComponentChildren;
}

export function ChartFrame({ title, summary, tools, table, children }: ChartFrameTerms) {
  const id = useId();
  const [isTable, setIsTable] = useState(false);
  return (
    <figure class="chart" aria-labelledby={id}>
      <figcaption class="chart-head">
        <h2 id={id}>{title}</h2>
        <div class="chart-tools">
          {!isTable && tools}
          <button
            type="button"
            class="button button-small"
            aria-label={`Show as ${isTable ? "chart" : "table"}: ${title}`}
            onClick={() => setIsTable(!isTable)}
          >
            Show as {isTable ? "chart" : "table"}
          </button>
        </div>
        <p class="chart-summary">{summary}</p>
      </figcaption>
      {isTable ? <div class="chart-table">{table()}</div> : children}
    </figure>
  );
}
