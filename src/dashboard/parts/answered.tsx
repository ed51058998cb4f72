/** A question's answer in whichever state it is: not there yet, not to be had, from before, or as of now. */
import type { ComponentChildren } from "preact";
import type { Asked } from "#dashboard/api/ask.ts";
import { Failed, Loading, Stale } from "./states.tsx";

interface AnsweredTerms<T> {
  asked: Asked<T>;
  label: string;
  children: (data: T) => ComponentChildren;
}

export function Answered<T>({ asked, label, children }: AnsweredTerms<T>) {
  const { data, error, atMs, retry } = asked;
  if (data === null && error !== null) return <Failed problem={error} retry={retry} />;
  if (data === null) return <Loading label={label} />;
  return (
    <div class="answered" aria-busy={asked.isLoading}>
      {error !== null && <Stale atMs={atMs} problem={error} retry={retry} />}
      {children(data)}
    </div>
  );
}
