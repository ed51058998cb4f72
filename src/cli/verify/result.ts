/** A run's result, as both reports show it. */

import type { LogEvidence } from "#formats/ledger/evidence.ts";
import type { Verification } from "#formats/ledger/verification.ts";
import type { Location } from "./log-source.ts";
import type { StateJson } from "./state-file.ts";

export interface RunResult {
  readonly report: Verification;
  readonly evidence: LogEvidence;
  readonly remarks: readonly string[];
  /** Where a rewritten history begins, if the log's tiles tell. */
  readonly location: Location | null;
  /** How the pinned key came to be: for the line on trust. */
  readonly trustNote: string;
  /** What the next run is to be compared with; null if this run does not warrant it. */
  readonly stateToKeep: StateJson | null;
}

const LINE_CHARACTERS_MAX = 400;

/**
 * Text of a log that is under suspicion, for a terminal: no control character of it gets there, nor
 * one that turns the direction of writing.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

export function shortLine(bytes: Uint8Array): string {
  const text = printable(new TextDecoder().decode(bytes.subarray(0, 4 * LINE_CHARACTERS_MAX)));
  if (text.length <= LINE_CHARACTERS_MAX) return text;
  return `${text.slice(0, LINE_CHARACTERS_MAX)}… (${bytes.length} bytes)`;
}

/** `496`, or `496 or 497` where the evidence does not tell them apart. */
export function badSeqs({ bad }: Verification): string {
  if (bad === null) return "";
  return bad.firstSeq === bad.lastSeq ? `${bad.firstSeq}` : `${bad.firstSeq} or ${bad.lastSeq}`;
}
