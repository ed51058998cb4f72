/** What an org has redacted, replaced by itself: it lies in the org's row, which every request looks up anyway. */
import { and, inArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Org } from "#orgs/org.ts";
import { DEFAULT_REDACTION, type RedactionSettings } from "#orgs/redaction-settings.ts";
import { changedByFirst, statementOf } from "#platform/d1/batch.ts";
import { orgs } from "./directory-schema.ts";
import { type OperatorAction, recordOperatorAction } from "./operator-actions.ts";
import { activeAt } from "./orgs.ts";

/** False if it is no longer as it was read, or the org no longer active. */
export async function updateOrgRedaction(
  directory: D1Database,
  { org, generation }: Pick<Org, "org" | "generation">,
  { before, after }: { before: RedactionSettings; after: RedactionSettings },
  action: OperatorAction,
): Promise<boolean> {
  const was = JSON.stringify(before);
  const isDefault = was === JSON.stringify(DEFAULT_REDACTION);
  const update = drizzle(directory)
    .update(orgs)
    .set({ redaction: JSON.stringify(after), updatedAtMs: action.occurredAtMs })
    .where(
      and(activeAt(org, generation), inArray(orgs.redaction, isDefault ? [was, "{}"] : [was])),
    );
  return changedByFirst(directory, [
    statementOf(directory, update),
    recordOperatorAction(directory, action),
  ]);
}
