import { describe, expect, it } from "vitest";
import { parseDevVars } from "../../scripts/start/dev-vars.ts";

const KEY = `${"A".repeat(43)}=`;
const OTHERS = `MCPG_ADMIN_TOKEN=mcpg-admin-0123456789\nMCPG_PAYLOAD_KEK=${KEY}\n`;

function parse(seeds: string) {
  return parseDevVars(`${OTHERS}${seeds}\n`, ".dev.vars");
}

describe("The secrets of npm start", () => {
  it.each([
    `MCPG_LEDGER_SEED=${KEY}`,
    `MCPG_LEDGER_SEED_2=${KEY}`,
    `MCPG_LEDGER_SEED_99=${KEY}`,
    `MCPG_LEDGER_SEED=${KEY}\nMCPG_LEDGER_SEED_2=${KEY}`,
  ])("have a seed, whichever: %s", (seeds) => {
    expect(() => parse(seeds)).not.toThrow();
  });

  it.each([
    ["", /lacks MCPG_LEDGER_SEED:/],
    ["MCPG_LEDGER_SEED=", /lacks MCPG_LEDGER_SEED:/],
    [`MCPG_LEDGER_SEED_1=${KEY}`, /lacks MCPG_LEDGER_SEED:/],
    [`MCPG_LEDGER_SEED_100=${KEY}`, /lacks MCPG_LEDGER_SEED:/],
    ["MCPG_LEDGER_SEED_2=hunter2", /: MCPG_LEDGER_SEED_2 must be 32 bytes/],
    [`MCPG_LEDGER_SEED=\nMCPG_LEDGER_SEED_2=${KEY}`, /: MCPG_LEDGER_SEED must be 32 bytes/],
    [`MCPG_LEDGER_SEED=${KEY}\nMCPG_LEDGER_SEED_2=hunter2`, /: MCPG_LEDGER_SEED_2 must be 32/],
  ])("are refused without one that the Worker takes: %s", (seeds, message) => {
    expect(() => parse(seeds)).toThrow(message);
    expect(() => parse(seeds)).not.toThrow(/hunter2/);
  });
});
