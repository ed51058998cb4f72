/** Why a file or folder could not be used: what was tried, the system's word for it, and what to do. */
export function fileError(tried: string, error: unknown, advice: string): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  return new Error(`cannot ${tried} (${code ?? message}): ${advice}`, { cause: error });
}
