import { describe, expect, it } from "vitest";
import { app } from "#app.ts";
import { DASHBOARD_HEADERS } from "#http/dashboard-headers.ts";
import { refusal } from "../harness/answers.ts";
import { call, workerEnv } from "../harness/deployment.ts";

const get = (path: string, headers: Record<string, string> = {}) =>
  call("GET", path, { token: null, headers });

const ADDRESSES = [
  "/",
  "/sign-in",
  "/sign-in?return=%2Forgs%2Facme%2Factivity",
  "/style",
  "/orgs/acme",
  "/orgs/acme/activity?last=1h",
  "/orgs/acme/calls/0193a000-0000-7000-8000-000000000001",
  "/orgs/acme/audit/log/17",
  "/orgs/%3Cscript%3E/x.y",
];

describe("The dashboard", () => {
  it.each(ADDRESSES)(
    "is the same page at each of its addresses, whoever asks: %s",
    async (path) => {
      const page = await (await get("/")).text();
      expect(page).toContain('<div id="app">');
      for (const headers of [{}, { cookie: "__Host-mcpg_session=x", authorization: "Bearer x" }]) {
        const answer = await get(path, headers as Record<string, string>);
        expect(answer.status).toBe(200);
        expect(answer.headers.get("content-type")).toContain("text/html");
        expect(await answer.text()).toBe(page);
      }
    },
  );

  it.each(ADDRESSES)(
    "runs nothing but its own scripts, wherever it is opened: %s",
    async (path) => {
      const { headers } = await get(path);
      for (const [name, value] of Object.entries(DASHBOARD_HEADERS)) {
        expect([name, headers.get(name)]).toEqual([name, value]);
      }
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toMatch(/unsafe|https?:|\*|script-src [^;]*data:/);
      expect(headers.get("cache-control")).toMatch(/max-age=0, must-revalidate/);
      expect(headers.get("set-cookie")).toBeNull();
    },
  );

  it("is asked for anew each time, and sent again only where it is another", async () => {
    const first = await get("/orgs/acme/overview");
    const etag = first.headers.get("etag") ?? "";
    const again = await get("/orgs/globex/lag", { "if-none-match": etag });
    expect([etag.length > 0, again.status, await again.text()]).toEqual([true, 304, ""]);
    const other = await get("/orgs/globex/lag", { "if-none-match": '"another"' });
    expect(other.status).toBe(200);
    const head = await call("HEAD", "/orgs/globex/lag", { token: null });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it.each([
    "/assets/main-OLDHASH1.js",
    "/assets/",
    "/index.html.map",
    "/favicon.ico",
    "/orgs",
    "/orgs/",
    "/sign-in/x",
    "/styles",
    "/v1/orgs",
    "/v1/nothing",
    "/dashboard",
    "/robots.txt",
  ])("is no answer to what is not there: %s", async (path) => {
    const answer = await get(path);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect([401, 404]).toContain(answer.status);
  });

  it.each(["POST", "PUT", "DELETE", "PATCH"])("takes nothing: %s", async (method) => {
    for (const path of ["/", "/orgs/acme/overview", "/sign-in"]) {
      expect(await refusal(call(method, path))).toEqual([404, "not_found"]);
    }
  });

  it("is not there where it was not built, and everything else is", async () => {
    const { ASSETS: _, ...bare } = workerEnv;
    const status = async (path: string) => (await app.request(path, {}, bare)).status;
    expect([await status("/"), await status("/orgs/a/b"), await status("/healthz")]).toEqual([
      404, 404, 200,
    ]);
  });

  it("has files that name their own content, and are kept for ever; no map of a source is among them", async () => {
    const page = await (await get("/")).text();
    const paths = [...page.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, path = ""]) => path);
    expect(paths.length).toBeGreaterThan(2);
    for (const path of paths) {
      const file = await workerEnv.ASSETS!.fetch(`https://mcpg.test${path}`);
      const kept = path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : null;
      expect([path, file.status]).toEqual([path, 200]);
      if (kept !== null) {
        expect(path).toMatch(/-[A-Z0-9]{8}\.(js|css)$/);
        expect(file.headers.get("cache-control")).toBe(kept);
        const map = await workerEnv.ASSETS!.fetch(`https://mcpg.test${path}.map`);
        expect(map.status).toBe(404);
      }
      expect(file.headers.get("content-security-policy")).toContain("default-src 'none'");
    }
    expect(page).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|style=|(?:src|href)="(?!\/)/);
  });
});
