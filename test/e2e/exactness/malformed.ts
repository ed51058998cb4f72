/** Hundreds of malformed bodies: each is refused in the form of the contract, and leaves nothing behind. */

import type { Runtime } from "../../harness/runtime.ts";
import type { Checks, Verdict } from "../checks.ts";
import { runExactSuite } from "./exact-suite.ts";
import { readList } from "./figures.ts";
import { makeBadRequests } from "./malformed-requests.ts";
import { MalformedRun, ORG, PATH, problemsOf } from "./malformed-run.ts";
import { makeBadSamples, reportText, sampleText } from "./malformed-samples.ts";
import { BAD_PATHS, findRefusedValid } from "./odd-requests.ts";

const BODIES_MIN = 500;

async function runMalformed(runtime: Runtime, checks: Checks): Promise<void> {
  await runtime.makeOrg(ORG);
  const run = new MalformedRun(runtime);
  const samples = makeBadSamples();
  const requests = makeBadRequests();
  const bodies = samples.length + requests.length;
  checks.report(
    "a bad sample is rejected alone, by index and code",
    await run.each(samples, (bad) => run.findWrongRejection(bad)),
    `${samples.length} samples`,
  );
  checks.report(
    "a bad request is a problem+json with every member",
    await run.each(requests, (bad) => run.findWrongRefusal(bad)),
    `${requests.length} requests`,
  );
  checks.report(
    "bad paths and queries are problems too",
    await run.each(BAD_PATHS, async ({ name, method, path, status }) => {
      const sent = method === "POST" ? { body: reportText([sampleText()]) } : {};
      return problemsOf(await run.send(name, sent, method, path), status);
    }),
    `${BAD_PATHS.length} paths`,
  );
  checks.report("what is at a limit, or odd but valid, counts", await findRefusedValid(run));
  checks.report(
    `at least ${BODIES_MIN} bodies were malformed`,
    bodies >= BODIES_MIN ? [] : [`${bodies}`],
    `${bodies}`,
  );
  checks.report(
    "no answer tells of SQL, a stack, an exception or a message that was sent",
    run.leaks,
  );
  checks.report(
    "no body holds the Worker up",
    run.slow,
    `the slowest took ${Math.round(run.slowestMs)} ms`,
  );
  const health = await Promise.all(
    ["/healthz", "/readyz"].map((path) => runtime.send("GET", path)),
  );
  checks.equal(
    "the Worker is alive and ready",
    health.map(({ status }) => status),
    [200, 200],
  );
  const listed = await readList<{ id: string }>(runtime, `${PATH}?limit=1000`, "invocations");
  const ids = new Set(listed.map(({ id }) => id));
  const lost = [...run.validIds].filter((id) => !ids.has(id)).map((id) => `${id} is lost`);
  const extra = [...ids].filter((id) => !run.validIds.has(id)).map((id) => `${id} was kept`);
  checks.report(
    "the org holds the valid samples and nothing else",
    [...lost, ...extra],
    `${ids.size} samples`,
  );
}

export function runMalformedSuite(): Promise<Verdict> {
  return runExactSuite("malformed", runMalformed);
}
