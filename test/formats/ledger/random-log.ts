/** Honest logs of every shape: appended to, signed, rotated and pruned at any moment. */
import fc from "fast-check";
import { SyntheticLog } from "../../harness/synthetic-log.ts";

type Step =
  | { kind: "append"; count: number }
  | { kind: "sign" }
  | { kind: "rotate" }
  /** `part` of the way from the minimum index to the end. */
  | { kind: "prune"; part: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("append"), count: fc.integer({ min: 1, max: 60 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("sign") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rotate") }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("prune"),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
);

export const randomSteps = fc.array(step, { minLength: 1, maxLength: 12 });

export function logOf(steps: readonly Step[]): SyntheticLog {
  const log = new SyntheticLog().append(2);
  for (const next of steps) take(log, next);
  return log.sign();
}

function take(log: SyntheticLog, next: Step): void {
  if (next.kind === "append") log.append(next.count);
  if (next.kind === "sign") log.sign();
  if (next.kind === "rotate") log.announceKey(`key ${log.entries.length}`).sign();
  if (next.kind === "prune") prune(log, next.part);
}

/** Announced, signed, carried out: the order of the ledger. */
function prune(log: SyntheticLog, part: number): void {
  const last = log.entries.length;
  const to = log.minimumIndex + Math.floor((last - log.minimumIndex) * part);
  if (to === log.minimumIndex) return;
  log.announcePruning(to).sign();
  log.minimumIndex = to;
}

/** Where the log announces the keys that it has. */
export function rotationSeqs(log: SyntheticLog): number[] {
  return log.entries.flatMap((bytes, seq) =>
    new TextDecoder().decode(bytes).includes('"action":"ledger.key_rotated"') ? [seq] : [],
  );
}
