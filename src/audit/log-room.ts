/**
 * The bytes of a log's database. Before its limit the log takes no more of what gateways report, so that it can
 * always say what it does about that itself: a pruning that cannot be announced would make room never again.
 */
import type { Env } from "#platform/env.ts";
import { refuseSetting, setting } from "#platform/settings.ts";
import { type AuditEvent, isReservedAction } from "./audit-event.ts";

/** What a Durable Object's database may have (developers.cloudflare.com/durable-objects/platform/limits): 10 GB. */
const LOG_BYTES_DEFAULT = 10_000_000_000;

/**
 * Room that is left to entries of our own. The last report that is taken has 4 MiB and its rows 0.3 KB each besides:
 * 5 MB. A slice of the outbox is 256 entries of 64 KiB at most, 17 MB. A step of deleting writes 500 ids, 0.2 MB,
 * before it frees anything. The other 40 MB are 40,000 of our usual entries of less than 1 KB: a pruning is
 * announced once a minute at most, so what operators do is what fills them.
 */
const OWN_BYTES = 64_000_000;
/**
 * Of these, exports and whatever else reads on the record leave so much: who reads again and again must not take
 * the room of what an operator does to make some.
 */
const DEED_BYTES = OWN_BYTES / 2;

/** So that a log has room for more than our own entries. */
const LOG_BYTES_MIN = 2 * OWN_BYTES;

/** `MCPG_LOG_BYTES_MAX`, for plans that give an object less. */
export const logBytesMax = setting(({ MCPG_LOG_BYTES_MAX }) => {
  const text = String(MCPG_LOG_BYTES_MAX ?? "");
  if (text === "") return LOG_BYTES_DEFAULT;
  const bytes = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (bytes >= LOG_BYTES_MIN) return bytes;
  return refuseSetting("MCPG_LOG_BYTES_MAX", `must be a number of bytes, ${LOG_BYTES_MIN} or more`);
});

/** Whether a database of so many bytes takes these events. Our own it takes until it is full. */
export function hasRoomFor(
  env: Env,
  bytes: number,
  events: readonly Pick<AuditEvent, "action" | "instance_id">[],
): boolean {
  return events.every(isOwn) || hasRoom(env, bytes, OWN_BYTES);
}

/** What operators did to plugins too: gateways may report these actions, and then of an instance. */
function isOwn({ action, instance_id: instance }: Pick<AuditEvent, "action" | "instance_id">) {
  return isReservedAction(action) || (instance === null && OWN_DEED.test(action));
}

const OWN_DEED = /^plugin\.(registered|updated|removed)$/;

/** Whether it takes the entry of a read. */
export function hasRoomForRead(env: Env, bytes: number): boolean {
  return hasRoom(env, bytes, DEED_BYTES);
}

function hasRoom(env: Env, bytes: number, leftBytes: number): boolean {
  return bytes <= logBytesMax(env) - leftBytes;
}
