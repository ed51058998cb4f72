/** Bundles for a browser, with nothing left outside: what a browser lacks does not resolve. */
import { readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";

const FORMATS = "src/formats";

export interface BrowserBundle {
  readonly script: string;
  readonly sizeKib: number;
  readonly gzipKib: number;
  /** Modules that the browser would have to find for itself. */
  readonly external: readonly string[];
  /** Files of ours in it, by their paths. */
  readonly files: readonly string[];
}

/** But for what has -workerd in its name: it stands before its namesake in Workers alone. */
export function formatFiles(): string[] {
  const names = readdirSync(FORMATS, { recursive: true, encoding: "utf8" });
  const isForAll = (name: string) => name.endsWith(".ts") && !/(-workerd|\.d)\.ts$/.test(name);
  return names.filter(isForAll).map((name) => `${FORMATS}/${name}`);
}

/** Each file with all that it exports, needed or not; `more` comes after them. */
export function bundleFormats(more = ""): Promise<BrowserBundle> {
  const exports = formatFiles().map((file, at) => `export * as file${at} from "./${file}";`);
  return bundleForBrowser([...exports, more].join("\n"));
}

async function bundleForBrowser(contents: string): Promise<BrowserBundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: "." },
    platform: "browser",
    format: "esm",
    target: "es2024",
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const [{ contents: bytes, text: script }] = outputFiles as [(typeof outputFiles)[number]];
  return {
    script,
    sizeKib: bytes.length / 1024,
    gzipKib: gzipSync(bytes).length / 1024,
    external: externalOf(metafile),
    files: Object.keys(metafile.inputs).filter((path) => path.startsWith("src/")),
  };
}

function externalOf({ outputs }: Metafile): string[] {
  return Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
}
