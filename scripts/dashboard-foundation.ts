// What every page stands on, as one file. esbuild makes a file of each set of pages that share something: the page's
// first load had fourteen, most of them of a few hundred bytes. A module that all of them export is in one set.
import { readdirSync, readFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import type { Plugin } from "esbuild";

const NAME = "dashboard-foundation";
const FOLDERS = ["api", "parts", "place"];
/** What `shell/pages.tsx` fetches when it is shown, and what is there at once. */
const PAGE = /[\\/](?:[a-z-]+-page|main)\.tsx$/;

export function foundationInOne(source: string): Plugin {
  return {
    name: NAME,
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${NAME}$`) }, ({ path }) => ({
        path,
        namespace: NAME,
      }));
      build.onLoad({ filter: /.*/, namespace: NAME }, () => ({
        contents: exportsOf([join(source, "shell/shell.tsx"), ...scriptsOf(source)]),
        resolveDir: resolve("."),
      }));
      build.onLoad({ filter: PAGE }, ({ path }) => ({
        contents: `${readFileSync(path, "utf8")}\nexport * as foundation from "${NAME}";`,
        loader: "tsx",
      }));
    },
  };
}

function scriptsOf(source: string): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(source, folder))
      .filter((name) => [".ts", ".tsx"].includes(extname(name)))
      .map((name) => join(source, folder, name)),
  );
}

function exportsOf(paths: readonly string[]): string {
  return paths.map((path, at) => `export * as m${at} from "./${path}";`).join("\n");
}
