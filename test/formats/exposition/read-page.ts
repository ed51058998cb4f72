/**
 * A reader of text 0.0.4 and OpenMetrics 1.0, written from the two grammars and stricter than any
 * scraper: a line that is not exactly in form is an error, not a guess.
 */
import type { LabelPair } from "#formats/exposition/metric-family.ts";

export interface Sample {
  readonly name: string;
  readonly labels: readonly LabelPair[];
  readonly value: string;
  readonly exemplar?: { labels: readonly LabelPair[]; value: string; timestamp: string };
}

export interface Page {
  /** `# …` lines as they stand, in order. */
  readonly comments: readonly string[];
  readonly samples: readonly Sample[];
}

const LABELS = String.raw`\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\n"])*"(?:,(?!\}))?)*)\}`;
const SAMPLE = new RegExp(
  String.raw`^([a-zA-Z_:][\w:]*)(?:${LABELS})? (\S+)(?: # ${LABELS} (\S+) (\d+\.\d{3}))?$`,
);
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

export function readPage(chunks: Iterable<Uint8Array>): Page {
  const text = readText(chunks);
  if (!text.endsWith("\n")) throw new Error("Cannot read a page whose last line has no end");
  const lines = text.slice(0, -1).split("\n");
  return {
    comments: lines.filter((line) => line.startsWith("#")),
    samples: lines.filter((line) => !line.startsWith("#")).map(readSample),
  };
}

/** `fatal`: invalid UTF-8 must fail the test, as it fails a scrape. */
export function readText(chunks: Iterable<Uint8Array>): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return [...chunks].map((chunk) => decoder.decode(chunk)).join("");
}

function readSample(line: string): Sample {
  const match = SAMPLE.exec(line);
  if (match === null) throw new Error(`Cannot read sample line ${JSON.stringify(line)}`);
  const [, name = "", labels, value = "", exemplarLabels, exemplarValue, timestamp] = match;
  const sample = { name, labels: readLabels(labels), value };
  if (exemplarValue === undefined || timestamp === undefined) return sample;
  return {
    ...sample,
    exemplar: { labels: readLabels(exemplarLabels), value: exemplarValue, timestamp },
  };
}

function readLabels(text = ""): LabelPair[] {
  return [...text.matchAll(LABEL)].map(([, name = "", value = ""]) => [name, unescapeValue(value)]);
}

function unescapeValue(value: string): string {
  return value.replace(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));
}
