/** What may be had of a call's payload, and why not: said before anybody is asked for a reason. */
import type { Problem } from "#dashboard/api/problem.ts";

export type PayloadState = "viewable" | "nothing_kept" | "administrator" | "no_scope";

/** As much of a session as decides. */
interface Viewer {
  readonly scopes: readonly string[];
  readonly principal: { readonly kind: "token" | "administrator" };
}

/** Without a session nobody is here: the server decides, as it does anyway. */
export function payloadState(
  { has_payload }: { readonly has_payload: boolean },
  viewer: Viewer | null,
): PayloadState {
  if (!has_payload) return "nothing_kept";
  if (viewer === null || viewer.scopes.includes("payloads:read")) return "viewable";
  return viewer.principal.kind === "administrator" ? "administrator" : "no_scope";
}

/** What of a payload is kept no longer, or not for this org; null for what is no such answer. */
export function whyNoPayload({ status, code }: Pick<Problem, "status" | "code">): string | null {
  switch (code) {
    case "not_found":
      return "It is kept no longer: it was erased, or retention has pruned it, since this page was loaded.";
    case "payload_destroyed":
      return "It cannot be opened any more: the key that it was sealed with is destroyed.";
    case "payload_refused":
      return "It does not open: what is stored was altered, or belongs elsewhere. It is not shown, and the audit log has an entry of it.";
    case "not_entitled":
      return "This org is not entitled to captured payloads (payload_capture): what was captured before is not shown.";
    case "insufficient_scope":
      return "This session may not view payloads any more (scope payloads:read).";
    default:
      return status === 503
        ? "Your view could not be written to the audit log, and without its entry there is none. Try again later."
        : null;
  }
}
