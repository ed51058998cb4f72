/** What a scrape says of an org's payloads. A source of figures, as calls/figures/figure-sources.ts has it. */
import { labelSet, type MetricFamily } from "#formats/exposition/metric-family.ts";
import { selectRefused } from "#payloads/store/refused-payloads.ts";

const NAME = "mcpg_payloads_refused_total";

export const PAYLOAD_FAMILY_NAMES = [NAME] as const;

export const payloadFigures = {
  familyNames: PAYLOAD_FAMILY_NAMES,
  select: selectRefused,
  families({ org }: { org: string }, { results }: D1Result<unknown>): MetricFamily[] {
    const [row] = results as { refused: number }[];
    return [
      {
        type: "counter",
        name: NAME,
        help: "Payloads that did not open when they were viewed: altered, or moved",
        points: [{ labels: labelSet([["org", org]]), value: row?.refused ?? 0, createdMs: null }],
      },
    ];
  },
};
