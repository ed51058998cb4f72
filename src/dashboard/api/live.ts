/**
 * Figures that follow the fleet: one cheap question each 10 seconds, whether anything is new, and only then, or when
 * a minute has gone, the views ask theirs.
 */
import { signal } from "@preact/signals";
import { leaveForSignIn } from "./leave.ts";
import { request } from "./request.ts";
import { serverNowMs } from "./server-clock.ts";
import { everyVisible } from "./visible-interval.ts";

const POLL_MS = 10_000;
/** A relative range moves on though nothing arrives. */
const TICK_MS_MAX = 60_000;

/** Goes up when live views ask anew. */
export const liveTick = signal(0);
/** What `now` is for all figures of one view: the moment of the last tick. */
export const liveNowMs = signal(Date.now());
export const isPaused = signal(false);
/** When it was last heard whether anything is new; null before the first answer. */
export const heardAtMs = signal<number | null>(null);

/** Asks for one org until what is returned is called. */
export function watchChanges(org: string): () => void {
  const path = `/v1/orgs/${encodeURIComponent(org)}/changes`;
  const controller = new AbortController();
  let etag: string | null = null;
  const look = async () => {
    const reply = await request(path, { etag, signal: controller.signal, isPoll: true });
    if (!reply.ok) return reply.problem.status === 401 ? leaveForSignIn() : undefined;
    heardAtMs.value = serverNowMs();
    const isNew = etag !== null && !reply.isUnchanged && reply.etag !== etag;
    etag = reply.etag ?? etag;
    if (isNew || serverNowMs() - liveNowMs.value >= TICK_MS_MAX) refresh();
  };
  const attempt = () => {
    if (!isPaused.value) look().catch(() => undefined);
  };
  attempt();
  const end = everyVisible(POLL_MS, attempt);
  return () => {
    end();
    controller.abort();
  };
}

/** Now is now, for views that have not asked yet. */
export function beginLive(): void {
  liveNowMs.value = serverNowMs();
}

/** An answer's time is of whole seconds, and was on its way. */
const OFF_MS_MAX = 2_000;

/** Of views that asked before the server had told its time: where the reader's clock is off they ask again. */
export function correctLive(): void {
  if (Math.abs(serverNowMs() - Date.now()) > OFF_MS_MAX) refresh();
}

/** All live views ask now. */
export function refresh(): void {
  liveNowMs.value = serverNowMs();
  liveTick.value += 1;
}
