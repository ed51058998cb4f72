/**
 * What other capabilities add to an org's figures: a statement in the batch that reads the figures, so that
 * all families are of one point in time, and the families made of its rows.
 */
import type { MetricFamily } from "#formats/exposition/metric-family.ts";

export interface FigureSource {
  /** Names of the families that it makes, in their order. */
  readonly familyNames: readonly string[];
  /** One statement on the org's shard. */
  readonly select: (shardDb: D1Database, org: string) => D1PreparedStatement;
  readonly families: (org: string, rows: readonly unknown[]) => MetricFamily[];
}

const sources: FigureSource[] = [];

export function registerFigureSource(source: FigureSource): void {
  sources.push(source);
}

export function figureSources(): readonly FigureSource[] {
  return sources;
}
