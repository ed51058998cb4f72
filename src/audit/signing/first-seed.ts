/**
 * Which seed a log's first key derives from: the newest of the time when that key is first shown or used. It is
 * written down before, for whoever saw the key may pin it.
 */
import { type AuditLogRow, findAuditLog } from "#audit/store/audit-logs.ts";
import { chooseSeed } from "#audit/store/ledger-seeds.ts";
import type { Env } from "#platform/env.ts";
import { newestSeedVersion } from "./signing-keys.ts";

/** The rows in their order, each with its seed chosen. Costs nothing where all were. */
export async function withSeedsChosen(
  env: Env,
  db: D1Database,
  rows: readonly AuditLogRow[],
): Promise<AuditLogRow[]> {
  const begun = rows.filter(({ seedChosen }) => seedChosen === 0);
  if (begun.length === 0) return [...rows];
  const seedVersion = newestSeedVersion(env);
  const chosen = await chooseSeed(db, begun, seedVersion);
  const isOurs = new Set(chosen.map(({ org, log }) => `${org}/${log}`));
  return Promise.all(
    rows.map(async (row) => {
      if (row.seedChosen === 1) return row;
      if (isOurs.has(`${row.org}/${row.log}`)) return { ...row, seedVersion, seedChosen: 1 };
      // Another was faster, perhaps with other settings.
      return (await findAuditLog(db, row)) ?? row;
    }),
  );
}

/** The seeds that a log's next checkpoint is signed with, by version. */
export function seedsOfLog(
  env: Env,
  {
    seedVersion,
    seedChosen,
    rotationSeedVersion,
  }: Pick<AuditLogRow, "seedVersion" | "seedChosen" | "rotationSeedVersion">,
): number[] {
  const current = seedChosen === 1 ? seedVersion : newestSeedVersion(env);
  return [...new Set([current, rotationSeedVersion ?? current])];
}
