import { useState } from "preact/hooks";
import type { Problem } from "#dashboard/api/problem.ts";
import { signIn } from "#dashboard/api/session.ts";
import { PageTitle } from "#dashboard/parts/page-title.tsx";
import { goTo, place } from "#dashboard/place/place.ts";
import { returnPath } from "#dashboard/place/return-path.ts";

export function SignInPage() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get("token");
    setIsBusy(true);
    const failure = await signIn(String(token ?? "").trim());
    setIsBusy(false);
    setProblem(failure);
    if (failure === null) goTo(returnPath(place.value.query.get("return")), { replace: true });
  };
  return (
    <form class="sign-in" onSubmit={submit}>
      <PageTitle title="Sign in" />
      <label for="token">Service token</label>
      <input
        id="token"
        name="token"
        class="input"
        type="password"
        autocomplete="current-password"
        required
        aria-describedby="token-problem"
      />
      <p id="token-problem" role="alert">
        {problem === null ? "" : `${problem.title}. ${problem.detail}`}
      </p>
      <button type="submit" class="button button-main" disabled={isBusy}>
        Sign in
      </button>
    </form>
  );
}
