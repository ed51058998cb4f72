/**
 * The same check by another program: whoever doubts the server should not ask the page that it serves. The token
 * is read from a file, so that it is in no history of commands.
 */

const SAFE_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A word for a POSIX shell, quoted where it has to be. */
export function shellWord(text: string): string {
  return SAFE_WORD.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export interface VerifiedLog {
  /** Of the deployment. */
  readonly url: string;
  readonly org: string;
  readonly log: number;
  /** Null where none is known yet. */
  readonly vkey: string | null;
}

/** In a checkout of this repository, as README says; what the server hands out is no witness against it. */
const PROGRAM = "npm run --silent verify --";

/** The whole log, online. */
export function verifyLogCommand({ url, org, log, vkey }: VerifiedLog): string {
  const key = vkey === null ? [] : ["--vkey", shellWord(vkey)];
  const words = ["--url", shellWord(url), "--org", shellWord(org), "--log", String(log)];
  return [PROGRAM, ...words, "--token-file", "token.txt", ...key].join(" ");
}

/** A pack of a part of it, offline. */
export function verifyPackCommand(file: string, vkey: string | null): string {
  const key = vkey === null ? [] : ["--vkey", shellWord(vkey)];
  return [PROGRAM, "--pack", shellWord(file), "--partial", ...key].join(" ");
}
