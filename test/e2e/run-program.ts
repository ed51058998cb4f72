/** A program that does its work and ends: what it printed, or an error that tells its last words. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const WORDS_MAX = 2_000;
const OUTPUT_BYTES_MAX = 64 << 20;

export async function runProgram(
  program: string,
  args: readonly string[],
  cwd?: string,
): Promise<string> {
  const options = { maxBuffer: OUTPUT_BYTES_MAX, ...(cwd !== undefined && { cwd }) };
  try {
    return (await promisify(execFile)(program, args, options)).stdout;
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    throw new Error(`${program} ${args[0]}: ${(stderr || message).slice(-WORDS_MAX)}`);
  }
}
