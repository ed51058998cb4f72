/** The details of a reported audit event as they may be appended, where the org has them redacted. */
import type { RedactionSettings } from "#orgs/redaction-settings.ts";
import { redactText } from "./redact-text.ts";
import { type RedactedPlace, redactionOf } from "./redaction-of.ts";
import { REDACTED, REDACTED_JSON, REDACTED_NAME } from "./text-layers.ts";

type ReportedDetails = Readonly<Record<string, string | boolean | null>>;

interface Reported {
  readonly target?: string | null;
  readonly workspace?: string | null;
  readonly details?: ReportedDetails | null;
}

/** The same rules give the same details again, so that an event that is sent again is known again. */
export function redactDetails<Event extends Reported>(
  event: Event,
  settings: RedactionSettings,
): Event {
  if (event.details == null) return event;
  const text = JSON.stringify(event.details);
  const redacted = redactText(text, redactionOf(settings, placeOf(event)));
  if (redacted === text) return event;
  return { ...event, details: detailsOfText(redacted) };
}

function detailsOfText(text: string): ReportedDetails {
  return text === REDACTED_JSON ? { [REDACTED_NAME]: REDACTED } : JSON.parse(text);
}

/** `tool://github/list_repos`, as gateways name a tool. */
function placeOf({ target, workspace }: Reported): RedactedPlace {
  const [, plugin, tool] = /^tool:\/\/([^/]+)\/(.+)$/.exec(target ?? "") ?? [];
  return {
    ...{ workspace: workspace ?? null, plugin: plugin ?? null, tool: tool ?? null },
    field: "details",
  };
}
