/** Where a user's own tools are: kept in this browser until an org can say it for all of its people. */
import { signal } from "@preact/signals";

export interface OutsideSettings {
  /** With `{trace_id}`; empty where none is set. */
  readonly traceTemplate: string;
  /** Of Prometheus' own pages; empty where none is set. */
  readonly prometheusUrl: string;
}

const NAME = "mcpg-outside-links";

const NONE: OutsideSettings = { traceTemplate: "", prometheusUrl: "" };

export const outsideSettings = signal<OutsideSettings>(readSettings());

export function setOutsideSettings(settings: OutsideSettings): void {
  outsideSettings.value = settings;
  try {
    localStorage.setItem(NAME, JSON.stringify(settings));
  } catch {
    // They hold for this page then.
  }
}

function readSettings(): OutsideSettings {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? "{}") as Partial<OutsideSettings>;
    return { traceTemplate: text(kept.traceTemplate), prometheusUrl: text(kept.prometheusUrl) };
  } catch {
    return NONE;
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
