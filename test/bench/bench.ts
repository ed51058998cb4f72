/** `npm run bench`: every figure beside its baseline in the same run; a table, then the same as JSON. */
import { Runtime } from "../harness/runtime.ts";
import { type Figure, formatFigures } from "./figure.ts";
import { benchIngest } from "./ingest-bench.ts";
import { benchScrape } from "./scrape-bench.ts";

const BENCHES: Record<string, (runtime: Runtime) => Promise<Figure[]>> = {
  ingest: benchIngest,
  scrape1k: (runtime) => benchScrape(runtime, 1_000),
  scrape10k: (runtime) => benchScrape(runtime, 10_000),
};

const wanted = process.argv.slice(2);
const figures: Figure[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const runtime = await Runtime.start();
  const measured = await bench(runtime).finally(() => runtime.stop());
  console.log(`${formatFigures(measured)}\n`);
  figures.push(...measured);
}
console.log(JSON.stringify(figures));
