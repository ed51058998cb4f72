/**
 * Which exposition format a scraper gets (RFC 9110 §12.5.1,
 * prometheus.io/docs/instrumenting/content_negotiation). Nobody is refused: what asks for nothing
 * we have, a browser for instance, gets text 0.0.4, as from Prometheus' own libraries.
 */
import { parseWeightedList, type WeightedItem } from "./accept-header.ts";

export type ExpositionFormat = "text" | "openmetrics" | "protobuf";

/** These are exact to the letter: Prometheus 3 fails a scrape whose Content-Type it does not know. */
const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  protobuf:
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
};

/**
 * How the escaping scheme that a scraper asks for is echoed
 * (prometheus.io/docs/instrumenting/escaping_schemes). The scraper reads our names by what we answer, and
 * ASCII names with underscores are the same under all schemes but `dots`, which doubles underscores: a
 * scraper that asks for it gets the default instead.
 */
const ESCAPING_ECHOES: ReadonlyMap<string | undefined, string> = new Map([
  ["allow-utf-8", "allow-utf-8"],
  ["underscores", "underscores"],
  ["values", "values"],
  ["dots", "underscores"],
]);

/** A format we have, and the range of the header that asks for it. */
interface Match {
  readonly format: ExpositionFormat;
  /** §12.5.1 precedence: 0 for any type, 1 for `text/*`, 2 for a named type. */
  readonly specificity: number;
  readonly range: WeightedItem;
}

export interface Negotiated {
  readonly format: ExpositionFormat;
  readonly contentType: string;
  /**
   * Whether the scraper is of Prometheus 3 or later, by the escaping scheme that it names and none before did:
   * to these OpenMetrics tells created timestamps.
   */
  readonly hasCreated: boolean;
}

export function negotiate(accept: string | null): Negotiated {
  const matches = parseWeightedList(accept).flatMap(matchRange).filter(isMostSpecific);
  const best = matches.reduce<Match | undefined>(preferred, undefined);
  const format = best?.format ?? "text";
  const asked = best?.range.parameters.get("escaping");
  const escaping = ESCAPING_ECHOES.get(asked);
  const suffix = escaping === undefined ? "" : `; escaping=${escaping}`;
  const contentType = `${CONTENT_TYPES[format]}${suffix}`;
  return { format, contentType, hasCreated: asked !== undefined };
}

/**
 * Versions are not compared. OpenMetrics answers an unknown version with the oldest it has, 1.0.0
 * ("Protocol Negotiation"), and `text/plain;version=1.0.0` differs from 0.0.4 by quoted UTF-8
 * names only, of which we have none. Protobuf must name message and encoding exactly, as for
 * client_golang's expfmt: `encoding=text`, or none, is another format.
 */
function matchRange(range: WeightedItem): Match[] {
  switch (range.name) {
    case "application/openmetrics-text":
      return [{ format: "openmetrics", specificity: 2, range }];
    case "application/vnd.google.protobuf":
      return isDelimitedMetricFamily(range) ? [{ format: "protobuf", specificity: 2, range }] : [];
    case "text/plain":
      return [{ format: "text", specificity: 2, range }];
    case "text/*":
      return [{ format: "text", specificity: 1, range }];
    case "*/*":
      return [{ format: "text", specificity: 0, range }];
    default:
      return [];
  }
}

function isDelimitedMetricFamily({ parameters }: WeightedItem): boolean {
  return (
    parameters.get("proto") === "io.prometheus.client.MetricFamily" &&
    parameters.get("encoding")?.toLowerCase() === "delimited"
  );
}

/**
 * Whether no range asks for the same format more specifically: else `text/plain;q=0.1,
 * text/*` would weigh text at 1.
 */
function isMostSpecific(match: Match, _index: number, all: readonly Match[]): boolean {
  return all.every(
    (other) => other.format !== match.format || other.specificity <= match.specificity,
  );
}

/** Weight zero is a refusal; of equal weights the first wins. */
function preferred(best: Match | undefined, match: Match): Match | undefined {
  return match.range.quality > (best?.range.quality ?? 0) ? match : best;
}

/**
 * Whether to compress (§12.5.3). A client that sends no header may be answered in any coding, but
 * `curl` without `--compressed` is such a client, so it gets plain bytes. So does one that puts
 * `identity` above gzip.
 */
export function acceptsGzip(acceptEncoding: string | null): boolean {
  const codings = parseWeightedList(acceptEncoding);
  const quality = (...names: string[]) => codings.find(({ name }) => names.includes(name))?.quality;
  const gzip = quality("gzip", "x-gzip") ?? quality("*") ?? 0;
  return gzip > 0 && gzip >= (quality("identity") ?? 0);
}
