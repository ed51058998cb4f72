export const TOOLS = ["search", "list_repos", "flaky"] as const;

/** Of the calls of `flaky` each such one fails. */
export const FLAKY_EVERY = 7;

export interface Called {
  calls: Record<string, number>;
  errors: Record<string, number>;
}
