/** Why a verification ends without a verdict, or an entry stream before its end. */

/** The command is wrong: exit code 64. */
export class UsageError extends Error {}

/** What is to be verified cannot be reached or read: exit code 69. It says nothing about the log. */
export class SourceUnavailable extends Error {}

/** The verdict stands, but could not be kept for the next run: exit code 73. */
export class StateNotWritten extends Error {}

/** Entries that should be there are not: the log is incomplete, and verified up to here. */
export class MissingEntries extends Error {}

/** The log was pruned while it was read: it is verified again from its new beginning. */
export class PrunedMeanwhile extends Error {}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error
    ? `${error.message}: ${error.cause.message || error.cause.name}`
    : error.message;
}
