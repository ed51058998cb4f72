/**
 * What the cron does for many orgs, one bounded step each: a job says what there is to do and how one step
 * of it is taken; when, where and how often is the tick's business (run-tick.ts).
 */
import type { Env } from "#platform/env.ts";

/** Where a job works. */
export interface JobPlace {
  readonly env: Env;
  readonly shard: string;
  /** The tick's time. What a step decides by it comes out the same however late the step is taken. */
  readonly nowMs: number;
}

/** What a step is given besides its place, for steps that serve many orgs at a time. */
export interface RunPlace extends JobPlace {
  /** The time after which nothing is begun. */
  readonly overMs: number;
  /** True if so many more queries may be sent, and there is time to send them. */
  hasRoomFor(queries: number): boolean;
  /** Logs what fails, counts it, and goes on; `subject` is the org that it was about. */
  attempt(subject: string, work: () => Promise<void>): Promise<void>;
}

/** "more": a backlog is left, which waits until every other item had its step. */
export type StepProgress = "done" | "more";

export interface Job<Item> {
  readonly name: string;
  /**
   * The part of the invocations that a tick may start which is the job's own (allowances.ts). All jobs'
   * shares add up to 1 at most; what others leave comes on top.
   */
  readonly share: number;
  /** The most queries that a step sends D1, but for those that it asks room for (`hasRoomFor`). */
  readonly queries: number;
  /** The most items that an invocation is given; default as many as its queries allow for. */
  readonly itemsPerRun?: number;
  /** The most runs in a tick on a shard, for a sweep whose list is never empty. */
  readonly runsMax?: number;
  /** Runs that go on beside each other; default 1. */
  readonly runsAtOnce?: number;
  /** Steps that go on beside each other within a run; default 1. */
  readonly atOnce?: number;
  /** The most time that the job takes of a tick, set where its work keeps the shard's one thread busy. */
  readonly msMax?: number;
  /** The job that has to end first on the same shard. */
  readonly after?: string;
  /** It deletes what has expired: it waits while the shard's clock is not to be trusted (steady-clock.ts). */
  readonly deletesByTime?: true;
  /**
   * What there is to do, in the order of `placeOf`, from behind the place `after` on; it takes at most two
   * queries. Items travel by RPC.
   */
  list(place: JobPlace, after: string | null, limit: number): Promise<readonly Item[]>;
  /**
   * The item's place in the list, behind which the next tick goes on. A job without it lists a queue, those
   * that wait longest first, which an item leaves by itself once it is done.
   */
  placeOf?(item: Item): string;
  /** What logs and spans say that a step was about. */
  subjectOf(item: Item): string;
  /** Idempotent, and safe beside itself: ticks may come twice, at once, or be cut off. */
  step(place: RunPlace, item: Item): Promise<StepProgress>;
}

/** One of several jobs whose items have nothing in common. */
export type AnyJob = Job<unknown>;

/** The most queries that an invocation sends D1, of the 1,000 that it may; the rest is headroom. */
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
  /** True if no other item waits for its first step, so that items with a backlog may have further ones. */
  readonly goesOn: boolean;
}

export interface RunAnswer {
  /** How many items had a step: they are the first ones of the request. */
  readonly reached: number;
  /** Which of these items have a backlog left, by their index in the request, the next in turn first. */
  readonly unfinished: readonly number[];
  readonly failures: number;
}

/** Starts a run in an invocation with limits of its own. */
export type StartRun = (request: RunRequest) => Promise<RunAnswer>;

/** Traces `work` as what a job does for a subject: this folder knows nothing of tracing. */
export type InSpan = <Result>(
  of: { job: string; subject: string },
  work: () => Promise<Result>,
) => Promise<Result>;
