/** Before a session ends for want of use its reader is asked, in time to say that he is there. */
import { useEffect, useRef, useState } from "preact/hooks";
import { serverNowMs } from "#dashboard/api/server-clock.ts";
import { loadSession, type Session, signedIn, signOut } from "#dashboard/api/session.ts";
import { Dialog } from "#dashboard/parts/dialog.tsx";
import { formatDuration } from "#dashboard/parts/format-figure.ts";
import { type IdleState, idleState } from "./idle.ts";

const LOOK_MS = 1000;
/** Who typed or clicked this lately reads what needs no request. */
const PRESENT_MS = 5 * 60_000;

export function SessionWatch() {
  const signed = signedIn.value;
  return signed.state === "in" ? <Watch session={signed.session} /> : null;
}

function Watch({ session }: { session: Session }) {
  const [seen, setSeen] = useState<IdleState>({ state: "fine", lookInMs: 0 });
  const presentAt = useRef(Number.NEGATIVE_INFINITY);
  const askedAtMs = useRef(serverNowMs());
  const ends = {
    idleMs: Date.parse(session.idle_expires_at),
    absoluteMs: Date.parse(session.expires_at),
  };
  useEffect(() => notePresence(presentAt), []);
  useEffect(() => {
    const look = () => {
      const state = idleState(ends, serverNowMs(), askedAtMs.current);
      setSeen((before) => (isSame(before, state) ? before : state));
      if (state.state === "over") signedIn.value = { state: "out" };
      if (state.state !== "ask") return;
      askedAtMs.current = serverNowMs();
      const isPresent = performance.now() - presentAt.current < PRESENT_MS;
      void loadSession({ isPoll: !isPresent });
    };
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, [ends.idleMs, ends.absoluteMs]);
  return <Warning seen={seen} />;
}

function Warning({ seen }: { seen: IdleState }) {
  const isOpen = seen.state === "warn";
  const canExtend = isOpen && seen.canExtend;
  return (
    <Dialog
      title="You are about to be signed out"
      isOpen={isOpen}
      onClose={() => canExtend && void loadSession()}
    >
      <p>
        {canExtend
          ? "The session has not been used for a while."
          : "The session has lasted as long as one may: sign in again to go on."}{" "}
        It ends in <b role="timer">{isOpen && formatDuration(seen.leftMs)}</b>.
      </p>
      <div class="buttons">
        {canExtend && (
          <button type="button" class="button button-main" onClick={() => void loadSession()}>
            Stay signed in
          </button>
        )}
        <button type="button" class="button" onClick={() => void signOut()}>
          Sign out now
        </button>
      </div>
    </Dialog>
  );
}

function notePresence(presentAt: { current: number }): () => void {
  const note = () => {
    presentAt.current = performance.now();
  };
  const kinds = ["pointerdown", "keydown", "wheel"] as const;
  for (const kind of kinds) addEventListener(kind, note, { passive: true });
  return () => {
    for (const kind of kinds) removeEventListener(kind, note);
  };
}

/** To the second: nothing is drawn more often. */
function isSame(before: IdleState, now: IdleState): boolean {
  if (before.state !== now.state) return false;
  if (before.state !== "warn" || now.state !== "warn") return true;
  return Math.floor(before.leftMs / 1000) === Math.floor(now.leftMs / 1000);
}
