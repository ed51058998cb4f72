/**
 * Prometheus 3, which Debian 12 does not have: built once from the Go module proxy, kept outside the tree. Without
 * the web pages, and without what discovers targets in clouds: that is most of the build.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

/** Prometheus 3.N is the module's 0.3NN. */
const VERSION = "v0.316.0";
const PROGRAMS = ["prometheus", "promtool"];
/** Six and a half minutes of one core. */
const BUILD_MS_MAX = 45 * 60_000;

export interface Prometheus3 {
  prometheus: string;
  promtool: string;
}

/** Null where there is no Go; throws with what Go says where it fails. */
export function prometheus3(): Prometheus3 | null {
  const folder = resolve("node_modules/.cache/prometheus-3", VERSION);
  const [prometheus = "", promtool = ""] = PROGRAMS.map((name) => join(folder, name));
  if (existsSync(folder)) return { prometheus, promtool };
  if (spawnSync("go", ["version"]).status !== 0) return null;
  console.log(`building Prometheus ${VERSION}, which takes minutes`);
  build(folder);
  return { prometheus, promtool };
}

/** Into a folder beside, renamed when whole: a build that was cut short leaves nothing that looks like one. */
function build(folder: string): void {
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const modules = PROGRAMS.map((name) => `github.com/prometheus/prometheus/cmd/${name}@${VERSION}`);
  const args = ["install", "-tags", "remove_all_sd,netgo", "-ldflags", "-s -w", ...modules];
  const { status, stderr } = spawnSync("go", args, {
    env: { ...process.env, GOBIN: partial, GOFLAGS: "-mod=mod" },
    encoding: "utf8",
    timeout: BUILD_MS_MAX,
  });
  if (status !== 0) throw new Error(`go ${args.join(" ")} (${status}): ${stderr}`);
  renameSync(partial, folder);
}
