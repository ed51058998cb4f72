import type { Granularity } from "../domain/metrics-snapshot.ts";
import { refuseParameter } from "./query.ts";

export function parseGranularity(value: string | undefined): Granularity {
  if (value === undefined || value === "hour") return "hour";
  if (value === "day") return "day";
  return refuseParameter("granularity", "must be hour or day");
}
