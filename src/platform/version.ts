/** Which code this is. That it agrees with package.json and wrangler.toml is a test's to say. */
import { refuseSetting, setting } from "./settings.ts";

export const SERVICE_NAME = "mcpg-control-plane";
export const VERSION = "0.1.0";
export const COMPATIBILITY_DATE = "2026-11-01";

/** Of the checkout that was deployed or started (`npm run deploy`, `npm start`); null where nobody said. */
export const deployedCommit = setting(({ MCPG_COMMIT: commit = "" }): string | null => {
  if (commit === "") return null;
  if (/^[0-9a-f]{7,64}$/.test(commit)) return commit;
  return refuseSetting("MCPG_COMMIT", "must be a commit's hash in lower-case hex");
});
