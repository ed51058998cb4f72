import type { Labels } from "./prometheus-api.ts";
import { JOB } from "./scrape-config.ts";

/** JSON's escapes are among those of PromQL's double-quoted strings, which are Go's. */
export function selector(name: string, labels: Labels = {}): string {
  const matchers = Object.entries({ job: JOB, ...labels }).map(
    ([label, value]) => `${label}=${JSON.stringify(value)}`,
  );
  return `${name}{${matchers.join(",")}}`;
}
