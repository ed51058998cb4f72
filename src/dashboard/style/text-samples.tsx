import {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  formatShortCount,
  formatTime,
  zoneName,
} from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Sample } from "./sample.tsx";

/** What tools have been called, or could be. */
const NAMES = [
  "list_repos",
  "<script>alert(1)</script>",
  "\u202Egnp.exe",
  "a\u0000b\u0007c\nd\u200Be\u{E0041}",
  "p\u0430ypal",
  "👩‍👩‍👧 family 🇮🇳",
  "שלום עולם",
  "",
  `${"long ".repeat(2000)}end`,
];

const AT_MS = Date.UTC(2026, 10, 28, 14, 5, 9, 123);

export function TextSamples() {
  const figures: readonly [string, string][] = [
    ["Count", [0, 999, 1_234_567].map(formatCount).join(" · ")],
    ["Count, short", [999, 12_345, 1_234_567].map(formatShortCount).join(" · ")],
    ["Share", [0, 0.00001, 0.0123, 0.5, 0.99999, 1].map(formatShare).join(" · ")],
    ["Duration", [0, 0.042, 84.2, 999.7, 12_345, 3_725_000, 2e9].map(formatDuration).join(" · ")],
    ["Not known", [formatCount(null), formatDuration(null), formatShare(null)].join(" · ")],
    ["Bytes", [0, 1023, 4200, 5e9].map(formatBytes).join(" · ")],
    ["Time", `${formatTime(AT_MS, "utc", "ms")} ${zoneName(AT_MS, "utc")}`],
    ["Time here", `${formatTime(AT_MS, "local")} ${zoneName(AT_MS, "local")}`],
    ["Age", [3_000, 200_000, 9e6, 9e8].map(formatAge).join(" · ")],
  ];
  return (
    <Sample title="Text">
      <dl class="facts">
        {figures.map(([name, text]) => (
          <>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </>
        ))}
      </dl>
      <h3>Names of others: on one line, and whole</h3>
      <ul class="stack names-sample">
        {NAMES.map((name) => (
          <li key={name}>
            <Hostile text={name} />
          </li>
        ))}
      </ul>
      <p>
        <Hostile text={NAMES[3]!} isWhole isCode />
      </p>
    </Sample>
  );
}
