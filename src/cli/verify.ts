/**
 * `npm run verify -- …`: verifies an audit log, on its server or from an export.
 *
 * What it verifies is in src/formats, and nothing else of this project is used: an auditor reads
 * src/formats/ledger/log-audit.ts and what it imports. This folder only fetches and prints.
 */

import {
  reasonOf,
  SourceUnavailable,
  StateNotWritten,
  UsageError,
} from "#cli/verify/no-verdict.ts";
import { parseOptions } from "#cli/verify/options.ts";
import { jsonResult } from "#cli/verify/result-json.ts";
import { textResult } from "#cli/verify/result-text.ts";
import { runVerification } from "#cli/verify/run-verification.ts";
import { writeState } from "#cli/verify/state-file.ts";
import { exitCodeOf } from "#formats/ledger/verdicts.ts";

/** sysexits.h: EX_USAGE, EX_UNAVAILABLE, EX_SOFTWARE, EX_CANTCREAT. None of them is a verdict. */
const EXIT = { usage: 64, unavailable: 69, broken: 70, notKept: 73 };

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === null) return 0;
  const result = await runVerification(options);
  console.log(options.isJson ? jsonResult(result) : textResult(result));
  if (options.state !== null && result.stateToKeep !== null) {
    await writeState(options.state, result.stateToKeep);
  }
  return exitCodeOf(result.report.findings);
}

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(`verify: ${error.message} (--help tells more)`);
    return EXIT.usage;
  }
  if (error instanceof SourceUnavailable) {
    console.error(`verify: ${error.message}: nothing was verified`);
    return EXIT.unavailable;
  }
  if (error instanceof StateNotWritten) {
    console.error(`verify: ${error.message}: the next run will compare with an older state`);
    return EXIT.notKept;
  }
  console.error(`verify: ${reasonOf(error)}: this is a fault of the verifier`, error);
  return EXIT.broken;
}

process.exitCode = await main(process.argv.slice(2)).catch(explain);
