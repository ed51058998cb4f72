import { formatDuration } from "#dashboard/parts/format-figure.ts";
import { LAG_LINES_MS } from "./lag-height.ts";

/** What each mark of a strip says. */
const MARKS: readonly { style: string; path: string; words: string }[] = [
  { style: "lag-bar", path: "M3 16v-10h8v10z", words: "p95 of the calls that began then" },
  {
    style: "lag-ahead",
    path: "M3 2h8l-4 9z",
    words: "some arrived before they ended: a clock is ahead",
  },
  { style: "lag-none", path: "M3 16v-2h8v2z", words: "no calls came of that time" },
  {
    style: "lag-lost",
    path: "M3 16v-5h8v5z",
    words: "no calls told, and one of the reports is missing",
  },
  { style: "lag-before", path: "M1 16v-1h12v1z", words: "before its first report" },
  { style: "lag-silent", path: "M1 16v-14h12v14z", words: "no report came" },
];

export function LagLegend() {
  return (
    <ul class="lag-legend small">
      {MARKS.map(({ style, path, words }) => (
        <li key={style}>
          <svg viewBox="0 0 14 18" aria-hidden="true">
            <path class={style} d={path} />
          </svg>
          {words}
        </li>
      ))}
      <li>blank: not counted yet</li>
      <li>lines: {LAG_LINES_MS.map(formatDuration).join(", ")}</li>
    </ul>
  );
}
