import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileError } from "./file-error.ts";

const SQLITE_BUSY = 5;

/** Its message is all there is to say. */
class NoFolder extends Error {}

/**
 * Holds the state folder until this process ends, however it ends: the lock is the operating
 * system's. Two Workers on one folder would be two writers of one ledger.
 */
export function lockStateDir(stateDir: string): DatabaseSync {
  try {
    makeFolder(stateDir);
    accessSync(stateDir, constants.R_OK | constants.W_OK | constants.X_OK);
    return locked(join(stateDir, "start-lock.sqlite"));
  } catch (error) {
    if (error instanceof NoFolder) throw error;
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) {
      throw fileError(
        `write to the state folder ${stateDir}`,
        error,
        "make it writable, or set MCPG_STATE_DIR to another folder",
      );
    }
    throw new Error(
      `${stateDir} is in use by another npm start: stop it, or set MCPG_STATE_DIR (and PORT) to others`,
    );
  }
}

/** By hand: Node's `recursive` tries for ever where a folder cannot be made though its parent is there. */
function makeFolder(path: string): void {
  if (existsSync(path)) {
    if (statSync(path).isDirectory()) return;
    throw new NoFolder(
      `${path} is a file, and no folder for the state: move it away, or set MCPG_STATE_DIR to a folder`,
    );
  }
  makeFolder(dirname(path));
  mkdirSync(path);
}

function locked(path: string): DatabaseSync {
  const lock = new DatabaseSync(path, { timeout: 0 });
  lock.exec("BEGIN EXCLUSIVE");
  // A folder that became read-only is found here, not by the first report.
  lock.exec("CREATE TABLE IF NOT EXISTS held (never_written INTEGER)");
  return lock;
}
