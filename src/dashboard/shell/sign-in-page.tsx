/** A token for a session. The token goes to the server once, over the field that password managers know. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "#dashboard/api/problem.ts";
import { loadSession, signedIn, signIn } from "#dashboard/api/session.ts";
import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { goTo, place } from "#dashboard/place/place.ts";
import { returnPath } from "#dashboard/place/return-path.ts";

export function SignInPage() {
  const signed = signedIn.value;
  const back = returnPath(place.value.query.get("return"));
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (signed.state === "unknown") void loadSession();
    // Another tab may have signed in, or nobody had signed out.
    if (signed.state === "in") goTo(back, { replace: true });
  }, [signed.state]);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setProblem(null);
    const failure = await signIn(field.current?.value.trim() ?? "");
    setIsBusy(false);
    if (failure === null) return;
    setProblem(failure);
    field.current?.select();
  };
  const isReturn = place.value.query.has("return");
  return (
    <form class="sign-in stack" onSubmit={submit}>
      <PageTitle title="Sign in" />
      {isReturn && signed.state === "out" && problem === null && (
        <p class="notice">You are signed out. You go on where you were.</p>
      )}
      <div class="field">
        <label for="token">Service token</label>
        {/* A password manager keeps a password by a name. */}
        <input
          class="visually-hidden"
          name="username"
          autocomplete="username"
          value="mcpg"
          readOnly
          tabIndex={-1}
          aria-hidden="true"
        />
        <input
          ref={field}
          id="token"
          name="token"
          class="input code"
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          maxLength={512}
          required
          placeholder="mcpgst_…"
          aria-invalid={problem !== null}
          aria-describedby="token-help token-problem"
        />
        <p id="token-help" class="muted">
          It is sent once and kept by nothing here. What you may see is what the token may read:{" "}
          <code>telemetry:read</code> for calls, <code>audit:read</code> for the audit log. Who
          administers your org makes one; <code>npm start</code> puts one into{" "}
          <code>.wrangler/state/local-token</code>.
        </p>
      </div>
      <p id="token-problem" class="problem" role="alert">
        {problem !== null && whyNot(problem)}
      </p>
      <div class="buttons">
        <button type="submit" class="button button-main" disabled={isBusy}>
          {isBusy ? "Signing in…" : "Sign in"}
        </button>
      </div>
      <p class="muted small">
        A session lasts 12 hours, and 30 minutes unused; the administrator's one hour.
      </p>
    </form>
  );
}

function whyNot({ status, title, detail, retryAfterSeconds }: Problem): string {
  if (status === 401) return "This token is not known: it is mistyped, has expired or was revoked.";
  if (status === 400) return "That is no token.";
  if (status === 429) return `Too many attempts: try again in ${retryAfterSeconds ?? 60} s.`;
  return `${title}. ${detail}`;
}
