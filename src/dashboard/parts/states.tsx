/** What a view shows where it has not what it should: each says what is, since when, and what may be done. */
import type { ComponentChildren } from "preact";
import type { Problem } from "#dashboard/api/problem.ts";
import { Age } from "./age.tsx";

export function Loading({ label = "Loading" }: { label?: string }) {
  return (
    <p class="state state-loading" role="status">
      {label}…
    </p>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <p class="state-title">{title}</p>
      {children}
    </div>
  );
}

export function Failed({ problem, retry }: { problem: Problem; retry?: () => void }) {
  return (
    <div class="state state-bad" role="alert">
      <p class="state-title">{problem.title}</p>
      <p>{problem.detail}</p>
      {problem.errors.map(({ pointer, message }) => (
        <p>
          <code>{pointer}</code> {message}
        </p>
      ))}
      <p class="muted">
        <code>{problem.code}</code>
        {problem.requestId !== null && (
          <>
            {" · request "}
            <code>{problem.requestId}</code>
          </>
        )}
      </p>
      {retry !== undefined && <RetryButton retry={retry} />}
    </div>
  );
}

/** What is shown is from before: it could not be had anew. */
export function Stale(terms: { atMs: number | null; problem: Problem; retry: () => void }) {
  return (
    <div class="notice notice-warn" role="status">
      <span>
        {terms.problem.title}. What is shown is from <Age atMs={terms.atMs} />.
      </span>
      <RetryButton retry={terms.retry} />
    </div>
  );
}

/** What is shown is not all that was asked for. */
export function Partial({ children }: { children: ComponentChildren }) {
  return <div class="notice">{children}</div>;
}

function RetryButton({ retry }: { retry: () => void }) {
  return (
    <button type="button" class="button button-small" onClick={retry}>
      Retry
    </button>
  );
}
