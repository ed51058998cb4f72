/**
 * One thing that a client asked of a plugin, as the local metrics count it, and the labels that it is counted
 * under. What callers and plugins can make up is held to what there is, so that nobody fills the figures with it.
 */
import type { Org } from "#orgs/org.ts";

export interface Operation {
  readonly org: Org;
  readonly workspace: string;
  readonly plugin: string;
  readonly method: string;
  /** Of tools/call: `__unknown__` where the plugin has none of that name. */
  readonly tool: string | null;
  readonly outcome: string;
  /** `error.type` of the conventions; null where it succeeded. */
  readonly errorType: string | null;
  /** The version of the protocol that was agreed on. */
  readonly version: string | null;
  readonly durationMs: number;
  readonly atMs: number;
}

/** In the order of the key of `gateway_operations`, behind the org. '' is a label that is not there. */
export type OperationLabels = readonly [
  workspace: string,
  plugin: string,
  method: string,
  tool: string,
  outcome: string,
  errorType: string,
  version: string,
];

/** The requests and notifications that the protocol's versions have; others are one, as conventions have it. */
const METHODS: ReadonlySet<string> = new Set([
  "initialize",
  "ping",
  "server/discover",
  "tools/list",
  "tools/call",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "resources/subscribe",
  "resources/unsubscribe",
  "prompts/list",
  "prompts/get",
  "completion/complete",
  "logging/setLevel",
  "subscriptions/listen",
  "tasks/list",
  "tasks/get",
  "tasks/result",
  "tasks/update",
  "tasks/cancel",
  "notifications/initialized",
  "notifications/cancelled",
  "notifications/progress",
  "notifications/roots/list_changed",
  "notifications/elicitation/complete",
  "notifications/tasks/status",
]);
const OTHER_METHOD = "_OTHER";

const VERSION = /^\d{4}-\d\d-\d\d$/;
/** As of a sample's names; others' error codes may be any text. */
const LABEL_LENGTH_MAX = 128;

export function labelsOf(operation: Operation): OperationLabels {
  const { workspace, plugin, method, tool, outcome, errorType, version } = operation;
  return [
    labelText(workspace),
    labelText(plugin),
    METHODS.has(method) ? method : OTHER_METHOD,
    labelText(tool ?? ""),
    labelText(outcome),
    labelText(errorType ?? ""),
    version !== null && VERSION.test(version) ? version : "",
  ];
}

/** NUL would end SQLite's string early, and a lone surrogate has no UTF-8. */
function labelText(text: string): string {
  return text.slice(0, LABEL_LENGTH_MAX).toWellFormed().replaceAll("\0", "�");
}
