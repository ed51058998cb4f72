/**
 * One switchable fault in the Worker under test: at a ledger's method, at one of its SQL statements or
 * at a D1 query, before the real thing or once it is persisted. Module memory: a kill disarms it.
 */
import { watchedD1 } from "../../harness/watched-d1.ts";

export interface Fault {
  /** `rpc:<method>`, `sql:<text within a ledger's statement>` or `d1:<text within a query>`. */
  point: string;
  when: "before" | "after";
  /** An error that the callee throws, or the whole object gone, as when its machine fails. */
  kind: "throw" | "abort";
  /** How often it strikes before things work again. */
  times: number;
}

let armed: Fault | null = null;
let struck = 0;

export function arm(fault: Fault | null): void {
  armed = fault;
  struck = 0;
}

export function timesStruck(): number {
  return struck;
}

/** Counts as struck once it is asked for: whoever asks throws. */
export function strikes(point: string, when: Fault["when"]): Fault | null {
  if (armed === null || armed.when !== when || !isAt(armed.point, point)) return null;
  if (struck >= armed.times) return null;
  struck += 1;
  return armed;
}

let barrier: string | null = null;
let waiting: { isReleased: boolean }[] = [];

/** Whoever comes to this point waits from now on; null lets all go on. */
export function setBarrier(point: string | null): void {
  barrier = point;
  for (const turn of waiting) turn.isReleased = true;
  waiting = [];
}

/** In the order in which they came. */
export function release(index: number): void {
  waiting[index]!.isReleased = true;
}

export function countWaiting(): number {
  return waiting.length;
}

async function passBarrier(point: string): Promise<void> {
  if (barrier === null || !isAt(barrier, point)) return;
  const turn = { isReleased: false };
  waiting.push(turn);
  while (!turn.isReleased) await scheduler.wait(2);
}

function isAt(wanted: string, point: string): boolean {
  const [kind = "", text = ""] = split(wanted);
  const [otherKind, otherText = ""] = split(point);
  if (kind !== otherKind) return false;
  return kind === "rpc" ? text === otherText : otherText.includes(text);
}

function split(point: string): [string, string] {
  const colon = point.indexOf(":");
  return [point.slice(0, colon), point.slice(colon + 1)];
}

export class InjectedFault extends Error {
  override name = "InjectedFault";
}

/** D1 never aborts anything: both kinds are an error of the call there. */
export function faultyDatabase(db: D1Database): D1Database {
  return watchedD1(db, (sql, send) => around(`d1:${sql}`, send));
}

async function around<Result>(point: string, work: () => Promise<Result>): Promise<Result> {
  await passBarrier(point);
  if (strikes(point, "before") !== null) throw new InjectedFault(point);
  const result = await work();
  if (strikes(point, "after") !== null) throw new InjectedFault(point);
  return result;
}

/** Own properties of the one SQL object, so that the ledger's code goes through them. */
export function guardStatements(ctx: DurableObjectState): void {
  const { sql } = ctx.storage;
  const inner = sql.exec.bind(sql);
  const strike = (query: string, when: Fault["when"]) => {
    const fault = strikes(`sql:${query}`, when);
    if (fault?.kind === "abort") ctx.abort(`fault: ${query}`);
    if (fault !== null) throw new InjectedFault(query);
  };
  Object.assign(sql, {
    exec: (query: string, ...bindings: unknown[]) => {
      strike(query, "before");
      const cursor = inner(query, ...bindings);
      strike(query, "after");
      return cursor;
    },
  });
}
