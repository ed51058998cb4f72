/** The buckets of `mcp.server.operation.duration`: OpenTelemetry's conventions for MCP, "Metrics". */

export const OPERATION_BOUNDS_SECONDS = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300,
] as const;

/** With that for +Inf. */
export const OPERATION_BUCKETS = OPERATION_BOUNDS_SECONDS.length + 1;

/** A bound belongs to the bucket below it. */
export function operationBucket(durationUs: number): number {
  const bucket = OPERATION_BOUNDS_SECONDS.findIndex((bound) => durationUs <= bound * 1e6);
  return bucket < 0 ? OPERATION_BUCKETS - 1 : bucket;
}
