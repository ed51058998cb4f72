/** Operator actions as HTTP sees them: who, when and on which request. */
import type { Context } from "hono";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { actorOf } from "#orgs/principal.ts";
import type { OperatorAction } from "#orgs/store/operator-actions.ts";
import type { AppEnv } from "./app-env.ts";

export function operatorAction(action: Omit<OperatorAction, "id">): OperatorAction {
  const random = crypto.getRandomValues(new Uint8Array(10));
  return { id: uuid7FromRandom(action.occurredAtMs, random), ...action };
}

/** What the caller of this request does, now. */
export function actionOf(
  c: Context<AppEnv>,
  deed: Pick<OperatorAction, "org" | "action" | "target" | "details">,
): OperatorAction {
  c.set("actedOn", deed.org);
  return operatorAction({
    ...deed,
    occurredAtMs: Date.now(),
    actor: actorOf(c.var.principal),
    requestId: c.var.requestId,
  });
}
