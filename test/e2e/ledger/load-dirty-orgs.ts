/** One tick signs 1,000 logs, each of which has something to sign. */

import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { waitUntil } from "../wait-until.ts";
import { gaugesOf } from "./load-gauges.ts";

const ORGS = 1_000;
const MADE_AT_ONCE = 16;
/** Alarms come a second after the first entry; a thousand of them take their time. */
const TOLD_MS_MAX = 60_000;
const TICK_MS_MAX = 45_000;
const SCRAPED_ORGS = [0, 499, 999];

interface Counts {
  logs: number;
  queued: number;
  told: number;
  published: number;
}

export async function runDirtyOrgs(runtime: Runtime, checks: Checks): Promise<void> {
  let next = 0;
  const make = async () => {
    // An org's creation is its log's first entry.
    for (let org = next++; org < ORGS; org = next++) await runtime.makeOrg(orgName(org));
  };
  await Promise.all(Array.from({ length: MADE_AT_ONCE }, make));
  const count = () => runtime.json<Counts>("GET", "/ledger/rows");
  const isTold = async () => (await count()).queued === ORGS;
  await waitUntil(isTold, { msMax: TOLD_MS_MAX, what: `D1 is told of ${ORGS} logs` });
  const before = await scrape(runtime);
  const unsigned = { tree_size: 1, unsigned: 1, frozen: 0, checkpoint_timestamp: null };
  checks.equal(
    "before, the gauges say what is not signed",
    before,
    SCRAPED_ORGS.map(() => unsigned),
  );

  const startedAt = Date.now();
  const { status, body } = await runtime.send("POST", "/ledger/tick");
  const tickMs = Date.now() - startedAt;
  const seen = `${tickMs} ms`;
  const isDone = status === 200 && tickMs < TICK_MS_MAX;
  checks.report(
    `one tick has ${ORGS} logs to sign`,
    isDone ? [] : [`${status} ${body} ${seen}`],
    seen,
  );
  const counts = await count();
  checks.equal("after it all are signed and published, and none is left to do", counts, {
    logs: ORGS,
    queued: 0,
    told: ORGS,
    published: ORGS,
  });
  const after = await scrape(runtime);
  const wrong = after.filter(
    ({ tree_size: size, unsigned: left, frozen, checkpoint_timestamp: at }) => {
      const isInTick = at !== null && at * 1e3 >= startedAt && at * 1e3 <= startedAt + tickMs;
      return size !== 1 || left !== 0 || frozen !== 0 || !isInTick;
    },
  );
  const problems = wrong.map((gauges) => JSON.stringify(gauges));
  checks.report("after it the gauges say that all is signed, and when", problems);
  checks.report("the ledgers have their checkpoints", await findUnpublished(runtime));
}

function orgName(number: number): string {
  return `dirty-${number}`;
}

function scrape(runtime: Runtime) {
  return Promise.all(SCRAPED_ORGS.map((org) => gaugesOf(runtime, orgName(org))));
}

async function findUnpublished(runtime: Runtime): Promise<string[]> {
  const problems: string[] = [];
  for (let org = 0; org < ORGS; org += 50) {
    const { status } = await runtime.send("GET", `/v1/orgs/${orgName(org)}/audit/log/checkpoint`);
    if (status !== 200) problems.push(`${orgName(org)}: ${status}`);
  }
  return problems;
}
