import { describe, expect, it } from "vitest";
import { app } from "#app.ts";
import { encodeBase64 } from "#formats/base64.ts";
import packageJson from "../../package.json?raw";
import wranglerToml from "../../wrangler.toml?raw";
import { problemOf } from "../harness/answers.ts";
import { call, workerEnv } from "../harness/deployment.ts";

const open = (path: string, accept: string) =>
  call("GET", path, { token: null, headers: { accept } });

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/** A page runs nothing and loads nothing: its one style sheet is the one whose hash the policy names. */
async function expectHarmless(response: Response): Promise<string> {
  const html = await response.text();
  const policy = response.headers.get("content-security-policy") ?? "";
  const [, style = ""] = /<style>(.*?)<\/style>/s.exec(html) ?? [];
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain(`style-src 'sha256-${encodeBase64(new Uint8Array(hash))}'`);
  expect(policy).not.toMatch(/unsafe|script|https?:/);
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(html).not.toMatch(/<script|<link|<img|<iframe|\son\w+=|style="|(?:src|href)="(?!\/|#)/i);
  return html;
}

describe("GET /docs", () => {
  it("tells every operation and every schema of the document, each where its links lead", async () => {
    const html = await expectHarmless(await open("/docs", BROWSER));
    const document = (await (await open("/openapi.json", "*/*")).json()) as {
      paths: Record<string, Record<string, { operationId: string }>>;
      components: { schemas: Record<string, unknown> };
    };
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id = ""]) => id);
    const operations = Object.values(document.paths).flatMap((one) => Object.values(one));
    const schemas = Object.keys(document.components.schemas).map((name) => `schema-${name}`);
    expect(ids.sort()).toEqual([...operations.map((one) => one.operationId), ...schemas].sort());
    const links = [...html.matchAll(/href="#([^"]*)"/g)].map(([, id = ""]) => id);
    expect(links.filter((id) => !ids.includes(id))).toEqual([]);
  });
});

describe("GET /version", () => {
  const version = async (more: object) => app.request("/version", {}, { ...workerEnv, ...more });

  it("says what package.json and wrangler.toml say, and the commit where one is known", async () => {
    const { name, version: number } = JSON.parse(packageJson) as Record<string, string>;
    const [, date] = /^compatibility_date = "(.*)"$/m.exec(wranglerToml) ?? [];
    const expected = { name, version: number, compatibility_date: date };
    expect(await (await version({})).json()).toEqual({ ...expected, commit: null });
    const commit = "0123456789abcdef0123456789abcdef01234567";
    const known = await version({ MCPG_COMMIT: commit });
    expect(await known.json()).toEqual({ ...expected, commit });
  });

  it("shows nothing that is no commit", async () => {
    const response = await version({ MCPG_COMMIT: "s3cr3t" });
    expect(response.status).toBe(503);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: "misconfigured" });
    expect(JSON.stringify(problem)).not.toContain("s3cr3t");
  });
});
