import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const SQLITE_BUSY = 5;

/**
 * Holds the state folder until this process ends, however it ends: the lock is the operating
 * system's. Two Workers on one folder would be two writers of one ledger.
 */
export function lockStateDir(stateDir: string): DatabaseSync {
  mkdirSync(stateDir, { recursive: true });
  const lock = new DatabaseSync(join(stateDir, "start-lock.sqlite"), { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
    throw new Error(
      `${stateDir} is in use by another npm start: stop it, or set MCPG_STATE_DIR to another folder`,
    );
  }
  return lock;
}
