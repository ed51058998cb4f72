/** What is filtered by, each with the way to take it away. */
import {
  FILTER_NAMES,
  type FilterName,
  type PlaceQuery,
} from "#dashboard/activity/activity-question.ts";
import { formatDuration } from "#dashboard/parts/format-figure.ts";
import { Hostile } from "#dashboard/parts/hostile.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefWith } from "#dashboard/place/place.ts";

const TITLES: Readonly<Record<FilterName, string>> = {
  plugin: "plugin",
  tool: "tool",
  workspace: "workspace",
  outcome: "outcome",
  instance: "instance",
  actor: "actor",
  session_id: "session",
  request_id: "request",
  trace_id: "trace",
  error_code: "error code",
  error_hash: "error hash",
  error_fingerprint: "error group",
  min_duration_ms: "from",
  max_duration_ms: "up to",
};

export function Pills({ query }: { query: PlaceQuery }) {
  const names = FILTER_NAMES.filter((name) => query.has(name));
  if (names.length === 0) return null;
  const none = Object.fromEntries(names.map((name) => [name, null]));
  return (
    <ul class="pills" aria-label="Filters">
      {names.map((name) => (
        <li key={name} class="pill">
          <span class="muted">{TITLES[name]}</span>
          <Hostile text={shown(name, query.get(name) ?? "")} />
          <Link
            class="pill-remove"
            href={hrefWith({ [name]: null, after: null })}
            aria-label={`Remove the filter ${TITLES[name]}`}
          >
            ×
          </Link>
        </li>
      ))}
      {names.length > 1 && (
        <li>
          <Link href={hrefWith({ ...none, after: null })}>Remove all</Link>
        </li>
      )}
    </ul>
  );
}

const FINGERPRINT_SHOWN = 12;

function shown(name: FilterName, value: string): string {
  if (name === "outcome") return value.replaceAll("_", " ").replaceAll(",", ", ");
  if (name.endsWith("_ms") && value !== "") return formatDuration(Number(value));
  return name === "error_fingerprint" || name === "error_hash"
    ? value.slice(0, FINGERPRINT_SHOWN)
    : value;
}
