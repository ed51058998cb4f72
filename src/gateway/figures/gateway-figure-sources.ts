/** What other parts of the gateway add to its metrics: a statement for each shard, and the families made of the rows. */
import type { MetricFamily } from "#formats/exposition/metric-family.ts";

export interface GatewayFigureSource {
  readonly select: (shardDb: D1Database) => D1PreparedStatement;
  /** One result a shard. */
  readonly families: (results: readonly D1Result<unknown>[]) => MetricFamily[];
}

const sources: GatewayFigureSource[] = [];

export function registerGatewayFigures(source: GatewayFigureSource): void {
  sources.push(source);
}

export function gatewayFigureSources(): readonly GatewayFigureSource[] {
  return sources;
}
