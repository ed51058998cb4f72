/**
 * Families of reports: samples that belong together, and all the ways in which they are sent. A
 * family's samples occur in no other family, so what its answers add up to can be checked by itself.
 */
import {
  type CallSource,
  countedSample,
  INSTANCES,
  type SentSample,
  startedAtMsOf,
} from "./call-samples.ts";

/** A place in a report: a sample that has a right to be counted once, or one that is refused. */
export type Slot = { key: string; sample: SentSample } | null;

export interface Report {
  instance: string;
  text: string;
  slots: readonly Slot[];
}

/** The reports of a stage are sent at once, and the next stage when all of them are answered. */
export type Stages = readonly (readonly Report[])[];

export type IdMode = "given" | "batch_id" | "epoch_and_seq" | "content";
export const ID_MODES: readonly IdMode[] = ["given", "batch_id", "epoch_and_seq", "content"];

interface Item {
  sent: object;
  /** Null where `sent` must be refused. */
  sample: SentSample | null;
}

export interface FamilyOptions {
  /** Names the family: no two of a test are alike. */
  number: number;
  mode: IdMode;
  size: number;
  nowMs: number;
  /** Nothing refused and nothing twice in any one report. */
  clean: boolean;
}

const REPORT_SAMPLES_MAX = 1_000;
const EPOCHS = ["2026-11-20T07:00:00Z", 1_763_800_000_000];

export class ReportFamily {
  readonly stages: Stages;
  readonly #calls: CallSource;
  readonly #options: FamilyOptions;
  readonly #instance: string;
  readonly #header: Record<string, unknown>;
  readonly #name: string;

  constructor(calls: CallSource, options: FamilyOptions) {
    this.#calls = calls;
    this.#options = options;
    this.#instance = calls.pick(INSTANCES);
    this.#name = `family-${options.number}`;
    this.#header = this.#makeHeader();
    this.stages = this.#makeStages();
  }

  #makeHeader(): Record<string, unknown> {
    const { number: seq, mode } = this.#options;
    const epoch = this.#calls.pick(EPOCHS);
    switch (mode) {
      case "batch_id":
        return { batch_id: this.#name };
      case "epoch_and_seq":
        return { epoch, seq, dropped: this.#calls.whole(seq) };
      case "content":
        return { epoch, dropped: this.#calls.whole(seq) };
      case "given":
        return this.#calls.random() < 0.5 ? { epoch, seq } : {};
    }
  }

  #makeStages(): Stages {
    const { clean, size } = this.#options;
    const samples = Array.from({ length: size }, () => this.#makeSample());
    const items = samples.map(itemOf);
    const main = this.#report(clean ? items : this.#withRefusals(this.#withRepeats(items)));
    const copies = 1 + (this.#calls.random() < 0.5 ? this.#calls.whole(6) : 0);
    const first = [...new Array<Report>(copies).fill(main), ...this.#overlapping(samples)];
    return [first, ...(this.#calls.random() < 0.4 ? [[main, ...this.#impostors(samples)]] : [])];
  }

  #makeSample(): SentSample {
    const { mode, nowMs } = this.#options;
    return mode === "given" ? this.#calls.sampleWithId(nowMs) : this.#calls.sample(nowMs);
  }

  /** The same samples again: with an id, other content and the id in the other case; else rewritten. */
  #withRepeats(items: readonly Item[]): Item[] {
    const repeated = items.flatMap(({ sample }) =>
      sample === null || this.#calls.random() > 0.05 ? [] : [sample],
    );
    const twin = this.#options.mode === "given" ? impostorOf : rewrittenOf;
    return [...items, ...repeated.map(twin).map(itemOf)];
  }

  #withRefusals(items: readonly Item[]): Item[] {
    return items.flatMap((item) => {
      if (this.#calls.random() > 0.03) return [item];
      return [{ sent: this.#calls.refusedSample(this.#options.nowMs), sample: null }, item];
    });
  }

  /** Half of the samples and as many new ones. Ids from a place in a report have no such twin. */
  #overlapping(samples: readonly SentSample[]): Report[] {
    const { mode, size } = this.#options;
    if ((mode !== "given" && mode !== "content") || this.#calls.random() < 0.5) return [];
    const half = size >> 1;
    const fresh = Array.from({ length: size - half }, () => this.#makeSample());
    return [this.#report([...fresh, ...samples.slice(size - half)].map(itemOf))];
  }

  /** Other content under ids that are there: the first has won. */
  #impostors(samples: readonly SentSample[]): Report[] {
    if (this.#options.mode !== "given") return [];
    return [this.#report(samples.map(impostorOf).map(itemOf))];
  }

  #report(allItems: readonly Item[]): Report {
    const items = allItems.slice(0, REPORT_SAMPLES_MAX);
    const invocations = items.map(({ sent }) => sent);
    const text = JSON.stringify({ instance_id: this.#instance, ...this.#header, invocations });
    const slots = items.map(({ sample }, index): Slot => {
      return sample && { key: this.#keyOf(sample, index), sample };
    });
    return { instance: this.#instance, text, slots };
  }

  /** What makes two sent samples the same one. */
  #keyOf(sample: SentSample, index: number): string {
    switch (this.#options.mode) {
      case "given":
        return (sample.id ?? "").toLowerCase();
      case "content":
        return `${this.#instance} ${JSON.stringify([countedSample(sample), sample.actor, sample.error_message])}`;
      default:
        return `${this.#name} ${index}`;
    }
  }
}

function itemOf(sample: SentSample): Item {
  return { sent: sample, sample };
}

/** Other content under the same id, in the other case. */
function impostorOf(sample: SentSample): SentSample {
  const id = sample.id ?? "";
  const other = id === id.toLowerCase() ? id.toUpperCase() : id.toLowerCase();
  return { ...sample, id: other, duration_ms: 77_777, outcome: "quota_exceeded", tool: "impostor" };
}

/** The same call, its time written the other way. */
function rewrittenOf(sample: SentSample): SentSample {
  const ms = startedAtMsOf(sample);
  const isText = typeof sample.started_at === "string";
  return { ...sample, started_at: isText ? ms : new Date(ms).toISOString() };
}
