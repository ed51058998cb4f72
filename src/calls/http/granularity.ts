import type { Granularity } from "#calls/metrics-snapshot.ts";
import { refuseParameter } from "#http/query.ts";

export function parseGranularity(value: string | undefined): Granularity {
  if (value === undefined || value === "hour") return "hour";
  if (value === "day") return "day";
  return refuseParameter("granularity", "must be hour or day");
}
