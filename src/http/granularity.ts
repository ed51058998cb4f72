import type { Granularity } from "../domain/metrics-snapshot.ts";
import { fail } from "../errors.ts";

export function parseGranularity(value: string | undefined): Granularity {
  if (value === undefined || value === "hour") return "hour";
  if (value === "day") return "day";
  const message = "must be hour or day";
  return fail({ kind: "invalid_request", errors: [{ pointer: "/granularity", message }] });
}
