// The dashboard as files: scripts and styles named by their content, the page that names them, and how all of it is
// served. `npm start`, the suites, the gate and a deployment have it built by build-dashboard.ts.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type BuildOptions, build, type Metafile, type OutputFile } from "esbuild";
import { DASHBOARD_HEADERS } from "#http/dashboard-headers.ts";
import { foundationInOne } from "./dashboard-foundation.ts";

const SOURCE = "src/dashboard";
/** As wrangler.toml names it. */
export const DASHBOARD_FOLDER = "dist/dashboard";
const PROOF_WORKER = `${SOURCE}/proof/proof-worker.ts`;

const OPTIONS = {
  outdir: DASHBOARD_FOLDER,
  entryNames: "assets/[name]-[hash]",
  chunkNames: "assets/[name]-[hash]",
  assetNames: "assets/[name]-[hash]",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  // For whoever profiles a deployment's page: they stay here, see .assetsignore.
  sourcemap: "external",
  metafile: true,
  write: false,
  logLevel: "silent",
} as const satisfies BuildOptions;

const VERIFIER = "src/cli/verify.ts";

/** For a bare Node, and for an auditor who reads it: not minified, and the same bytes wherever it is built. */
const VERIFIER_OPTIONS = {
  entryPoints: [VERIFIER],
  outfile: `${DASHBOARD_FOLDER}/verify.mjs`,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  write: false,
  logLevel: "silent",
  banner: {
    js: `// MCPG's verifier of audit logs: node verify.mjs --help
// Whoever is audited serves this file. Trust it as far as its SHA-256 is that of one which you built or were given.
import { createRequire as requireFor } from "node:module";
const require = requireFor(import.meta.url);`,
  },
} as const satisfies BuildOptions;

export interface DashboardBundle {
  /** By their paths in the folder. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Of scripts and styles, those that the page needs before it shows anything. */
  readonly firstLoad: readonly string[];
}

export async function bundleDashboard(): Promise<DashboardBundle> {
  // One file, without imports: it is started by its address alone.
  const worker = existsSync(PROOF_WORKER)
    ? await build({ ...OPTIONS, entryPoints: [PROOF_WORKER] })
    : null;
  const workerPath = worker === null ? "" : outputOf(worker.metafile, PROOF_WORKER);
  const page = await build({
    ...OPTIONS,
    entryPoints: [`${SOURCE}/main.tsx`, `${SOURCE}/style.css`],
    splitting: true,
    plugins: [foundationInOne(SOURCE)],
    define: { PROOF_WORKER_URL: JSON.stringify(`/${workerPath}`) },
  });
  const verifier = await build(VERIFIER_OPTIONS);
  const script = outputOf(page.metafile, `${SOURCE}/main.tsx`);
  const style = outputOf(page.metafile, `${SOURCE}/style.css`);
  const chunks = importsOf(page.metafile, script);
  const files = new Map<string, Uint8Array>([
    ...[...page.outputFiles, ...(worker?.outputFiles ?? []), ...verifier.outputFiles].map(fileOf),
    ["favicon.svg", readFileSync(join(SOURCE, "favicon.svg"))],
    ["_headers", utf8(headersFile())],
    [".assetsignore", utf8("*.map\n")],
    ["index.html", utf8(pageOf(script, style, chunks))],
  ]);
  return { files, firstLoad: [script, style, ...chunks] };
}

function fileOf({ path, contents }: OutputFile): [string, Uint8Array] {
  return [path.slice(resolve(DASHBOARD_FOLDER).length + 1), contents];
}

/** `assets/main-HASH.js`, of the entry. */
function outputOf({ outputs }: Metafile, entry: string): string {
  const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === entry);
  if (found === undefined) throw new Error(`${entry} was not built`);
  return withinFolder(found[0]);
}

/** What a script imports at once, and what that does: not what it asks for when it is needed. */
function importsOf({ outputs }: Metafile, script: string): string[] {
  const found = new Set<string>();
  const visit = (path: string) => {
    for (const { path: imported, kind } of outputs[`${DASHBOARD_FOLDER}/${path}`]?.imports ?? []) {
      const inner = withinFolder(imported);
      if (kind !== "import-statement" || found.has(inner)) continue;
      found.add(inner);
      visit(inner);
    }
  };
  visit(script);
  return [...found];
}

function withinFolder(path: string): string {
  return path.slice(DASHBOARD_FOLDER.length + 1);
}

function pageOf(script: string, style: string, chunks: readonly string[]): string {
  const preloads = chunks.map((path) => `<link rel="modulepreload" href="/${path}" />`);
  const text = readFileSync(join(SOURCE, "index.html"), "utf8");
  return replaced(text, [
    ['href="./style.css"', `href="/${style}"`],
    ['src="./main.tsx"', `src="/${script}"`],
    ["</head>", `${preloads.join("")}</head>`],
  ]);
}

function replaced(text: string, pairs: readonly [string, string][]): string {
  return pairs.reduce((before, [from, to]) => {
    if (before.split(from).length !== 2) throw new Error(`index.html has not one ${from}`);
    return before.replace(from, () => to);
  }, text);
}

/**
 * The page is asked for anew each time (the asset server's own max-age=0, must-revalidate, with an ETag); what is named
 * by its content never is.
 */
function headersFile(): string {
  const common = Object.entries(DASHBOARD_HEADERS).map(([name, value]) => `  ${name}: ${value}`);
  const immutable = "  cache-control: public, max-age=31536000, immutable";
  return ["/*", ...common, "/assets/*", immutable, ""].join("\n");
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
