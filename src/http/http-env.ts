import type { Env } from "#platform/env.ts";

/** What every handler finds on its context; rooms add to it what they put there. */
export interface HttpEnv {
  Bindings: Env;
  Variables: {
    requestId: string;
    /** Told of a body's bytes, decompressed, as they are read. */
    onBodyBytes: ((bytes: number) => void) | undefined;
  };
}
