/**
 * What was sent and answered, where it was captured. Each view is an entry in the audit log, with the reason that was
 * given. It is held in memory alone, as text, and gone when the page is left or hidden, or after five minutes.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import type { Problem } from "#dashboard/api/problem.ts";
import { request } from "#dashboard/api/request.ts";
import { signedIn } from "#dashboard/api/session.ts";
import { Failed } from "#dashboard/parts/states.tsx";
import { announce } from "#dashboard/parts/status.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { hrefOf } from "#dashboard/place/place.ts";
import { payloadState, whyNoPayload } from "./payload-state.ts";
import { type CutField, PayloadText } from "./payload-text.tsx";
import { ReasonDialog } from "./reason-dialog.tsx";

const SHOWN_MS_MAX = 5 * 60_000;

interface Payload {
  readonly request: unknown;
  readonly response: unknown;
  readonly cut: { readonly request: CutField | null; readonly response: CutField | null };
}

interface PayloadViewTerms {
  org: string;
  call: CallAnswer;
  /** There is another entry about the call. */
  onViewed(): void;
}

export function PayloadView({ org, call, onViewed }: PayloadViewTerms) {
  const reader = signedIn.value.state === "in" ? signedIn.value.session : null;
  const state = payloadState(call, reader);
  return (
    <section aria-labelledby="call-payload">
      <h2 id="call-payload">Payload</h2>
      {state === "nothing_kept" && <NothingKept call={call} />}
      {state === "administrator" && (
        <p class="muted">
          It is captured, and the administrator may not see it: that takes a token of the org with
          the scope <code>payloads:read</code>.
        </p>
      )}
      {state === "no_scope" && (
        <p class="muted">
          It is captured, and this session may not see it: that takes the scope{" "}
          <code>payloads:read</code>, which is given by who holds <code>payloads:grant</code>.
        </p>
      )}
      {/* One of another call begins anew: nothing of this one is seen there. */}
      {state === "viewable" && (
        <Viewer key={`${org} ${call.id}`} org={org} id={call.id} onViewed={onViewed} />
      )}
    </section>
  );
}

function NothingKept({ call }: { call: CallAnswer }) {
  const query = new Map([["target", `invocation://${call.id}`]]);
  return (
    <p class="muted">
      Nothing of the request or the response is kept, but for their sizes: it was not captured, or
      it was erased, of which{" "}
      <Link href={hrefOf({ page: "audit", query })}>the audit log would have an entry</Link>.
    </p>
  );
}

function Viewer({ org, id, onViewed }: { org: string; id: string; onViewed(): void }) {
  const [isAsking, setAsking] = useState(false);
  const [payload, setPayload] = useState<Payload | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const leaving = useRef(new AbortController());
  useEffect(() => () => leaving.current.abort(), []);
  const clear = () => setPayload(null);
  useEffect(() => (payload === null ? undefined : clearInTime(clear)), [payload]);
  const view = async (reason: string) => {
    const root = `/v1/orgs/${encodeURIComponent(org)}/invocations/${encodeURIComponent(id)}`;
    const { signal } = leaving.current;
    setAsking(false);
    const path = `${root}/payload?${new URLSearchParams({ reason })}`;
    const reply = await request<Payload>(path, { signal }).catch(() => null);
    if (reply === null) return;
    setProblem(reply.ok ? null : reply.problem);
    onViewed();
    // Who has turned away meanwhile does not find it on the screen.
    const isSeen = document.visibilityState === "visible";
    setPayload(reply.ok && isSeen ? reply.data : null);
    if (reply.ok && isSeen) announce("The payload is shown");
  };
  return (
    <>
      {payload === null && (
        <p>
          <button type="button" class="button" onClick={() => setAsking(true)}>
            View payload…
          </button>
        </p>
      )}
      {problem !== null && payload === null && <NotShown problem={problem} />}
      {payload !== null && (
        <>
          <p class="notice">
            Your view is recorded. It goes away when this tab is hidden, and after five minutes.{" "}
            <button type="button" class="button button-small" onClick={clear}>
              Hide it now
            </button>
          </p>
          <PayloadText name="Request" value={payload.request} cut={payload.cut?.request ?? null} />
          <PayloadText
            name="Response"
            value={payload.response}
            cut={payload.cut?.response ?? null}
          />
        </>
      )}
      <ReasonDialog isOpen={isAsking} onClose={() => setAsking(false)} onGive={view} />
    </>
  );
}

function NotShown({ problem }: { problem: Problem }) {
  const why = whyNoPayload(problem);
  if (why === null) return <Failed problem={problem} />;
  return <Failed problem={{ ...problem, title: "No payload to show", detail: why }} />;
}

function clearInTime(clear: () => void): () => void {
  const timer = setTimeout(clear, SHOWN_MS_MAX);
  const onHide = () => document.visibilityState === "hidden" && clear();
  document.addEventListener("visibilitychange", onHide);
  addEventListener("pagehide", clear);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onHide);
    removeEventListener("pagehide", clear);
  };
}
