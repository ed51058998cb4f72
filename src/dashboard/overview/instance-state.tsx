import { Verdict } from "#dashboard/parts/verdict.tsx";
import type { InstanceRow } from "./overview-answers.ts";

const TONES = { online: "good", stale: "warn", departed: "none" } as const;

/** Departed is no fault: a gateway may have been stopped. */
export function InstanceState({ state }: { state: InstanceRow["state"] }) {
  return <Verdict tone={TONES[state]}>{state}</Verdict>;
}
