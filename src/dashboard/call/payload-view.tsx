/**
 * What was sent and answered, where it was captured. Each view is an entry in the audit log, with the reason that was
 * given. It is held in memory alone, as text, and gone when the page is hidden or after five minutes.
 */
import { useEffect, useState } from "preact/hooks";
import type { CallAnswer } from "#dashboard/api/call-answer.ts";
import type { Problem } from "#dashboard/api/problem.ts";
import { request } from "#dashboard/api/request.ts";
import { Dialog } from "#dashboard/parts/dialog.tsx";
import { Failed } from "#dashboard/parts/states.tsx";
import { announce } from "#dashboard/parts/status.tsx";
import { PayloadText } from "./payload-text.tsx";

const SHOWN_MS_MAX = 5 * 60_000;
const REASON_LENGTH_MAX = 256;

interface Payload {
  readonly request: unknown;
  readonly response: unknown;
}

export function PayloadView({ org, call }: { org: string; call: CallAnswer }) {
  const [isAsking, setAsking] = useState(false);
  const [payload, setPayload] = useState<Payload | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const clear = () => setPayload(null);
  useEffect(() => (payload === null ? undefined : clearInTime(clear)), [payload]);
  const view = async (reason: string) => {
    const root = `/v1/orgs/${encodeURIComponent(org)}/invocations/${encodeURIComponent(call.id)}`;
    const query = new URLSearchParams({ reason });
    const reply = await request<Payload>(`${root}/payload?${query}`);
    setAsking(false);
    setProblem(reply.ok ? null : reply.problem);
    setPayload(reply.ok ? reply.data : null);
    if (reply.ok) announce("The payload is shown");
  };
  return (
    <section aria-labelledby="call-payload">
      <h2 id="call-payload">Payload</h2>
      {!call.has_payload && (
        <p class="muted">
          Nothing of the request or the response was captured. Only their sizes are known.
        </p>
      )}
      {call.has_payload && payload === null && (
        <p>
          <button type="button" class="button" onClick={() => setAsking(true)}>
            View payload…
          </button>
        </p>
      )}
      {problem !== null && payload === null && <Failed problem={problem} />}
      {payload !== null && (
        <>
          <p class="notice">
            Your view is recorded. It goes away when this tab is hidden, and after five minutes.{" "}
            <button type="button" class="button button-small" onClick={clear}>
              Hide it now
            </button>
          </p>
          <PayloadText name="Request" value={payload.request} />
          <PayloadText name="Response" value={payload.response} />
        </>
      )}
      <ReasonDialog isOpen={isAsking} onClose={() => setAsking(false)} onGive={view} />
    </section>
  );
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

interface ReasonDialogTerms {
  isOpen: boolean;
  onClose(): void;
  onGive(reason: string): void;
}

function ReasonDialog({ isOpen, onClose, onGive }: ReasonDialogTerms) {
  const [reason, setReason] = useState("");
  const give = (event: SubmitEvent) => {
    event.preventDefault();
    if (reason.trim() !== "") onGive(reason.trim());
  };
  return (
    <Dialog title="Why do you look at this payload?" isOpen={isOpen} onClose={onClose}>
      <form class="dialog-form" onSubmit={give}>
        <label for="payload-reason">
          Reason, as it is recorded with your name in the audit log
        </label>
        <textarea
          id="payload-reason"
          class="input"
          rows={3}
          required
          maxLength={REASON_LENGTH_MAX}
          value={reason}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
        <p class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-main">
            Record and view
          </button>
        </p>
      </form>
    </Dialog>
  );
}
