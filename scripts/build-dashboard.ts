// Builds the dashboard into dist/dashboard, which git ignores. It may be run beside whoever serves that folder: files
// are put in place whole, the page last, and only then does what it no longer names go.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundleDashboard, DASHBOARD_FOLDER } from "./dashboard-bundle.ts";
import { putFile } from "./put-file.ts";

/** What check-bundle.ts holds to its limit: bytes of what the page needs before it shows anything. */
export const DASHBOARD_SIZES = "dist/dashboard-sizes.json";

export type DashboardSizes = Readonly<Record<string, { bytes: number; gzipBytes: number }>>;

export async function buildDashboard(): Promise<void> {
  const { files, firstLoad } = await bundleDashboard();
  for (const [path, contents] of files) putFile(join(DASHBOARD_FOLDER, path), contents);
  removeOthers(new Set(files.keys()));
  const sizes = firstLoad.map((path) => {
    const contents = files.get(path)!;
    return [path, { bytes: contents.length, gzipBytes: gzipSync(contents, { level: 9 }).length }];
  });
  putFile(DASHBOARD_SIZES, Buffer.from(JSON.stringify(Object.fromEntries(sizes))));
}

function removeOthers(wanted: ReadonlySet<string>): void {
  const entries = readdirSync(DASHBOARD_FOLDER, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    if (!wanted.has(path.slice(DASHBOARD_FOLDER.length + 1))) rmSync(path, { force: true });
  }
}

if (import.meta.main) await buildDashboard();
