/** No false alarm: honest lives, each VERIFIED against all that was kept of it; 1,000 in `npm run test:long`. */

import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { HonestLife } from "./honest-life.ts";

const SEED = 10_000;
const LIVES = Number(process.env["MCPG_HONEST_LIVES"] ?? 60);
const LIVES_AT_ONCE = 8;
const KILLED_AFTER = [150, 400, 650, 900];

export async function runHonestLives(runtime: Runtime, checks: Checks): Promise<void> {
  const lives = Array.from({ length: LIVES }, (_, at) => new HonestLife(runtime, SEED + at));
  let next = 0;
  const work = async () => {
    for (let life = lives[next++]; life !== undefined; life = lives[next++]) {
      if (KILLED_AFTER.includes(next)) await Promise.all([runtime.kill(), life.live()]);
      else await life.live();
    }
  };
  await Promise.all(Array.from({ length: LIVES_AT_ONCE }, work));
  const problems = lives.flatMap((life, at) =>
    life.problems.map((problem) => `seed ${SEED + at} (${life.done.join()}): ${problem}`),
  );
  const alarmed = lives.filter((life) => life.problems.length > 0).length;
  const verified = lives.reduce((sum, life) => sum + life.verified, 0);
  const counts: Record<string, number> = {};
  for (const name of lives.flatMap(({ done }) => done)) counts[name] = (counts[name] ?? 0) + 1;
  const operations = Object.entries(counts)
    .sort(([left], [right]) => left.localeCompare(right))
    .map(([name, count]) => `${count} ${name}`);
  const seen = `${LIVES} lives from seed ${SEED}, ${alarmed} alarms, ${verified} verifications, ${runtime.kills} kills: ${operations.join(", ")}`;
  checks.report("honest logs are VERIFIED, whatever was done with them", problems, seen);
}
