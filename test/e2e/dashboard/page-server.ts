/** The page as it is deployed, headers and deep links included, without an API: that is the browser's to answer. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; worker-src 'self'; " +
  "require-trusted-types-for 'script'; trusted-types mcpg-worker";

export interface PageServer {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startPageServer(port = 0): Promise<PageServer> {
  const files = await builtFiles();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    if (pathname.startsWith("/v1/")) return end(response, 404, "application/json", "{}");
    const file = files.get(pathname);
    if (file === undefined && pathname.includes(".")) return end(response, 404, "text/plain", "");
    const { type, text } = file ?? files.get("/")!;
    return end(response, 200, type, text);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const { port: bound } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${bound}`, stop: () => stopServer(server) };
}

async function builtFiles(): Promise<Map<string, { type: string; text: string }>> {
  const { outputFiles } = await build({
    entryPoints: ["src/dashboard/main.tsx", "src/dashboard/style.css"],
    outdir: "/",
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
  });
  const page = readFileSync("src/dashboard/index.html", "utf8")
    .replace("./style.css", "/style.css")
    .replace("./main.tsx", "/main.js");
  const files = new Map([["/", { type: "text/html; charset=utf-8", text: page }]]);
  const icon = readFileSync("src/dashboard/favicon.svg", "utf8");
  files.set("/favicon.svg", { type: "image/svg+xml", text: icon });
  for (const { path, text } of outputFiles) {
    files.set(path, { type: path.endsWith(".css") ? "text/css" : "text/javascript", text });
  }
  return files;
}

function end(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    "content-type": type,
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  });
  response.end(text);
}

async function stopServer(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
