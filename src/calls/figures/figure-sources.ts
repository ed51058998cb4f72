/**
 * What other capabilities add to an org's figures: a statement in the batch that reads the figures, so that
 * all families are of one point in time, and the families made of its rows.
 */
import type { MetricFamily } from "#formats/exposition/metric-family.ts";
import type { Env } from "#platform/env.ts";

export interface FigureSource {
  /** Names of the families that it makes, in their order. */
  readonly familyNames: readonly string[];
  /** One statement on the org's shard. */
  readonly select: (shardDb: D1Database, org: string) => D1PreparedStatement;
  readonly families: (
    place: FigurePlace,
    result: D1Result<unknown>,
  ) => MetricFamily[] | Promise<MetricFamily[]>;
}

/** Whose figures are read, and where. */
export interface FigurePlace {
  readonly env: Env;
  readonly org: string;
  readonly shard: string;
}

const sources: FigureSource[] = [];

export function registerFigureSource(source: FigureSource): void {
  sources.push(source);
}

export function figureSources(): readonly FigureSource[] {
  return sources;
}
