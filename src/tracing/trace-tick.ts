/** A tick of the cron as a trace of its own. */
import type { Env } from "../env.ts";
import { SPAN_KIND } from "../spec/otlp/trace-model.ts";
import { runInSpan } from "./active-span.ts";
import { tracedEnv } from "./traced-env.ts";
import type { Tracer } from "./tracer.ts";

export interface Tick {
  readonly env: Env;
  readonly ctx: Pick<ExecutionContext, "waitUntil">;
  readonly cron: string;
}

/** By OpenTelemetry's semantic conventions for functions (docs/faas/faas-spans.md, "Timer"). */
function describeTick(cron: string) {
  const attributes = new Map([
    ["faas.trigger", "timer"],
    ["faas.cron", cron],
  ]);
  return { name: "cron tick", kind: SPAN_KIND.internal, attributes };
}

export async function traceTick(
  tracer: Tracer,
  { env: plainEnv, ctx, cron }: Tick,
  work: (env: Env) => Promise<void>,
): Promise<void> {
  const env = tracedEnv(plainEnv);
  const owner = { env, org: () => null, isTrusted: () => true };
  const describe = () => describeTick(cron);
  const trace = tracer.begin({ received: null, describe, nowMs: Date.now(), owner });
  try {
    await runInSpan(trace.root, () => work(env));
  } catch (error) {
    trace.root.failWith(error);
    throw error;
  } finally {
    trace.end();
    ctx.waitUntil(tracer.report(trace, owner));
  }
}
