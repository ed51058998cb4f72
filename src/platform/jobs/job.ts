/**
 * What the cron does for many orgs, one bounded step each: a job says what there is to do and how one step
 * of it is taken; when, where and how often is the tick's business (run-tick.ts).
 */
import type { Env } from "#platform/env.ts";

/** Where a job works. */
export interface Place {
  readonly env: Env;
  readonly shard: string;
  /** The tick's time: what a step decides by it, it decides alike however late it comes. */
  readonly nowMs: number;
}

/** What a step has besides, for those that serve many at a time. */
export interface RunPlace extends Place {
  /** Nothing is begun later. */
  readonly overMs: number;
  /** True if so many more queries may be sent, and then they count as sent. */
  take(queries: number): boolean;
  /** Logs what fails, counts it, and goes on; `subject` is the org that it was about. */
  attempt(subject: string, work: () => Promise<void>): Promise<void>;
}

/** "more": a backlog is left, which waits until every other item had its step. */
export type Progress = "done" | "more";

export interface Job<Item> {
  readonly name: string;
  /** Its part of the invocations that a tick may start (allowances.ts); those of all jobs are 1 at most. */
  readonly share: number;
  /** That a step sends D1 at most, but for those that it takes itself. */
  readonly queries: number;
  /** That an invocation is given at most; default as many as its queries allow for. */
  readonly itemsPerRun?: number;
  /** Runs a tick and shard, for a sweep whose list is never empty. */
  readonly runsMax?: number;
  /** Runs that go on beside each other; default 1. */
  readonly runsAtOnce?: number;
  /** Steps that go on beside each other within a run; default 1. */
  readonly atOnce?: number;
  /** Of a tick, where what it does keeps the shard's one thread busy. */
  readonly msMax?: number;
  /** The job that has to end first on the same shard. */
  readonly after?: string;
  /** In the order of `placeOf`, from after that place on; at most two queries. Items travel by RPC. */
  list(place: Place, after: string | null, limit: number): Promise<readonly Item[]>;
  /**
   * Where the next tick goes on. A job without it lists a queue, those that wait longest first, which what
   * is done leaves by itself.
   */
  placeOf?(item: Item): string;
  /** What logs and spans say that a step was about. */
  subjectOf(item: Item): string;
  /** Idempotent, and safe beside itself: ticks may come twice, at once, or be cut off. */
  step(place: RunPlace, item: Item): Promise<Progress>;
}

/** One of several that have nothing in common but that. */
export type AnyJob = Job<unknown>;

/** What an invocation sends D1 at most, of the 1,000 that it may; the rest is headroom. */
export const RUN_QUERIES_MAX = 900;

export function itemsPerRun({ itemsPerRun, queries }: AnyJob): number {
  return itemsPerRun ?? Math.max(1, Math.floor(RUN_QUERIES_MAX / queries));
}

/** What a run is told: it crosses from one invocation to another. */
export interface RunRequest {
  readonly job: string;
  readonly shard: string;
  readonly nowMs: number;
  readonly overMs: number;
  readonly items: readonly unknown[];
  /** Nobody waits for a first step any more, so that those with a backlog may have further ones. */
  readonly goesOn: boolean;
}

export interface RunAnswer {
  /** Items that had a step: as many of the first ones. */
  readonly reached: number;
  /** Which of them have a backlog left, by number, the next in turn first. */
  readonly unfinished: readonly number[];
  readonly failures: number;
}

/** In an invocation with limits of its own. */
export type StartRun = (request: RunRequest) => Promise<RunAnswer>;

/** Traces `work` as what a job does for a subject: this folder knows nothing of tracing. */
export type InSpan = <Result>(
  of: { job: string; subject: string },
  work: () => Promise<Result>,
) => Promise<Result>;
