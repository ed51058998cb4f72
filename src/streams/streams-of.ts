/** An org's streams as they are in force: what it set itself, else the deployment's defaults. */
import { DEFAULT_OBSERVABILITY, type Observability } from "../domain/observability.ts";
import type { Env } from "../env.ts";

export async function streamsOf(_env: Env, _org: string): Promise<Observability> {
  return DEFAULT_OBSERVABILITY;
}
