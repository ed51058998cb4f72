/** Counts what a client asked of a plugin, in the isolate; the store has it within about a second. */

import { uuid7FromRandom } from "#formats/uuid7.ts";
import { addOperations } from "#gateway/figures/store/operation-rows.ts";
import type { Env } from "#platform/env.ts";
import { logError } from "#platform/log-error.ts";
import { shardDatabase } from "#platform/shards.ts";
import type { Operation } from "./operation.ts";
import { OperationOutbox } from "./operation-outbox.ts";
import { operationRoom } from "./operation-room.ts";

export type { Operation } from "./operation.ts";

/** One a shard: what one database does not take costs the others nothing. */
const outboxes = new Map<string, OperationOutbox>();

/** Never fails: a figure is no reason to fail a call. */
export function noteOperation(
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  operation: Operation,
): void {
  const { shard } = operation.org;
  const outbox = outboxes.get(shard) ?? newOutbox(shard);
  outboxes.set(shard, outbox);
  outbox.note(operation);
  const turn = outbox.turn((batch) =>
    addOperations(shardDatabase(env, shard), batch, operationRoom(env), Date.now()),
  );
  if (turn !== null) ctx.waitUntil(turn);
}

function newOutbox(shard: string): OperationOutbox {
  return new OperationOutbox({
    // Made within a request: before there is none of its random bytes.
    writer: uuid7FromRandom(Date.now(), crypto.getRandomValues(new Uint8Array(10))),
    nowMs: () => Date.now(),
    delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    onFailure: (error) => logError(error, { job: "gateway operations", shard }),
  });
}
