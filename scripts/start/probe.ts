import { setTimeout as sleep } from "node:timers/promises";
import type { Runtime } from "./runtime.ts";

const readyWithinMs = 120_000;
const readyPollMs = 50;
const alivePollMs = 1_000;
/** Longer than any single piece of work that holds the Worker's one thread. */
const answerWithinMs = 5_000;
const strikesMax = 3;

interface Answer {
  status: number;
  text: string;
}

/** Returns once /readyz answers 200; throws with the reason when that will not happen. */
export async function untilReady(runtime: Runtime, base: string, signal: AbortSignal) {
  const deadline = Date.now() + readyWithinMs;
  for (;;) {
    const answer = await get(`${base}/readyz`, answerWithinMs, signal);
    // Another program may have taken the port: what ended is not what answered.
    if (runtime.hasEnded) throw new Error(String(runtime.ended.reason));
    if (answer.status === 200) return;
    // No waiting heals a bad secret: the answer names the setting.
    const hopeless = answer.text.includes('"misconfigured"') || Date.now() > deadline;
    if (hopeless)
      throw new Error(`the Worker does not get ready: ${describe(answer)}${hint(answer)}`);
    await sleep(readyPollMs, undefined, { signal });
  }
}

/** Returns why the Worker stopped serving; a slow answer is forgiven twice. */
export async function untilBroken(runtime: Runtime, base: string, stop: AbortSignal) {
  const signal = AbortSignal.any([stop, runtime.ended]);
  for (let strikes = 0; !runtime.hasEnded; ) {
    const answer = await get(`${base}/healthz`, answerWithinMs, stop);
    strikes = answer.status === 200 ? 0 : strikes + 1;
    if (strikes >= strikesMax) return `/healthz: ${describe(answer)}`;
    await sleep(alivePollMs, undefined, { signal }).catch(() => stop.throwIfAborted());
  }
  return String(runtime.ended.reason);
}

/** Status 0, and the reason as text, where there is no answer. */
async function get(url: string, withinMs: number, signal: AbortSignal): Promise<Answer> {
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
    const response = await fetch(url, { signal: within });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    signal.throwIfAborted();
    return { status: 0, text: fetchFailure(error) };
  }
}

/** The secrets of one folder and the databases of another: the Worker knows of neither. */
function hint({ text }: Answer): string {
  if (!text.includes("MCPG_LEDGER_SEED is not the one")) return "";
  return " Put back the .dev.vars that this state folder was begun with, or begin anew in another folder: MCPG_STATE_DIR.";
}

/** Node says `fetch failed` and hides the reason in `cause`. */
function fetchFailure(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

/** A problem's own words where it is one: they name the setting, and never a value. */
function describe({ status, text }: Answer): string {
  if (status === 0) return text;
  const [, detail] = /"detail":"([^"\\]*)"/.exec(text) ?? [];
  return detail ?? `${status} ${text.slice(0, 500)}`;
}
