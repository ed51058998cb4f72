/**
 * Prometheus 3, which Debian 12 does not have: built once a machine from the Go module proxy. Without the web pages,
 * and without what discovers targets in clouds: that is most of the build.
 */
import { join } from "node:path";
import { cachedFolder } from "../cached-folder.ts";
import { runProgram } from "../run-program.ts";

/** Prometheus 3.N is the module's 0.3NN. */
const VERSION = "v0.316.0";
const PROGRAMS = ["prometheus", "promtool"] as const;
const FLAGS = ["-tags", "remove_all_sd,netgo", "-ldflags", "-s -w"];

export type Prometheus3 = Record<(typeof PROGRAMS)[number], string>;

/** Six and a half minutes of one core, the first time. Throws with what Go says where it fails. */
export async function prometheus3(): Promise<Prometheus3> {
  const version = await runProgram("go", ["version"]);
  const folder = await cachedFolder("prometheus-3", [version, VERSION, ...FLAGS], async (made) => {
    console.log(`building Prometheus ${VERSION}, which takes minutes`);
    const modules = PROGRAMS.map(
      (name) => `github.com/prometheus/prometheus/cmd/${name}@${VERSION}`,
    );
    const settings = [`GOBIN=${made}`, "GOFLAGS=-mod=mod"];
    await runProgram("env", [...settings, "go", "install", ...FLAGS, ...modules]);
  });
  return { prometheus: join(folder, "prometheus"), promtool: join(folder, "promtool") };
}
