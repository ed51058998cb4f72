import type { Context } from "hono";
import { foldAll } from "#calls/store/fold.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { shardDatabase } from "#platform/env.ts";

/** What a read may spend on folding before it answers what is folded; the watermark gauge tells. */
const FOLD_MS_MAX = 3_000;

/** So that a read counts all that ingest acknowledged before it began. */
export async function foldForRead(
  c: Context<AppEnv>,
  scrapeTimeoutSeconds?: string | undefined,
): Promise<void> {
  const { org, generation, shard, limits } = c.var.org;
  const overMs = Date.now() + foldBudgetMs(scrapeTimeoutSeconds);
  const folded = { org, generation, seriesMax: limits.seriesMax };
  await foldAll(shardDatabase(c.env, shard), folded, Date.now, () => Date.now() >= overMs);
}

/** Half of the scraper's timeout: the other half is for reading and sending. */
export function foldBudgetMs(scrapeTimeoutSeconds: string | undefined): number {
  const timeoutMs = Number(scrapeTimeoutSeconds) * 1_000;
  if (!Number.isFinite(timeoutMs) || timeoutMs <= 0) return FOLD_MS_MAX;
  return Math.min(FOLD_MS_MAX, timeoutMs / 2);
}
