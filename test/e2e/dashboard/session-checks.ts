/** Sessions and serving, by a real browser and the Worker itself: what the cookie is sent with, and what it is not. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import type { Runtime } from "../../harness/runtime.ts";
import type { Checks } from "../checks.ts";
import { waitUntil } from "../wait-until.ts";
import { Reader } from "./browser.ts";

const ORG = "acme";
const PATH = `/orgs/${ORG}/lag?last=6h&zone=utc`;
const EXPORT = `/v1/orgs/${ORG}/audit/export`;

interface Served {
  readonly checks: Checks;
  readonly browser: Browser;
  readonly runtime: Runtime;
  readonly token: { id: string; token: string };
}

/** The Worker was started with `hasDashboard`. */
export async function checkSessions(
  checks: Checks,
  browser: Browser,
  runtime: Runtime,
): Promise<void> {
  await runtime.makeOrg(ORG);
  const body = { name: "alice", scopes: ["telemetry:read", "audit:read", "org:admin"] };
  const path = `/v1/orgs/${ORG}/service-tokens`;
  const token = await runtime.json<Served["token"]>("POST", path, body);
  const served = { checks, browser, runtime, token };
  for (const host of ["127.0.0.1", "localhost"]) await checkCookie(served, host);
  await checkElsewhere(served);
  await checkServing(served);
  await checkEnds(served);
}

async function signedIn(
  { browser, runtime, token }: Served,
  host = "127.0.0.1",
): Promise<{ reader: Reader; base: string }> {
  const base = runtime.url.replace("127.0.0.1", host);
  const reader = await Reader.open(browser, base);
  await reader.open(PATH, "Sign in");
  await reader.page.getByLabel("Service token").fill(token.token);
  await reader.page.getByRole("button", { name: "Sign in" }).click();
  await reader.page.waitForURL(`**${PATH}`);
  await signedInView(reader.page);
  return { reader, base };
}

/** Pages are others' to test: what is there for who is signed in is their navigation. */
const signedInView = (page: Page) =>
  page.getByRole("navigation", { name: "Pages" }).waitFor({ state: "visible" });

async function checkCookie(served: Served, host: string): Promise<void> {
  const { checks } = served;
  const { reader, base } = await signedIn(served, host);
  const { page } = reader;
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).host));
  const cookies = await page.context().cookies();
  checks.equal(
    `http://${host} keeps the cookie, which no script sees and no other site's link takes along`,
    cookies.map(({ name, httpOnly, sameSite, path, expires }) => [
      [name, httpOnly, sameSite, path, expires],
      cookies.length,
    ]),
    [[["mcpg_session", true, "Strict", "/", -1], 1]],
  );
  checks.equal(`${host}: scripts see none`, await page.evaluate("document.cookie"), "");
  await page.reload();
  await signedInView(page);
  checks.equal(`${host}: a reload stays where one was`, page.url(), `${base}${PATH}`);
  const other = await page.context().newPage();
  await other.goto(`${base}/orgs/${ORG}/audit`);
  await signedInView(other);
  checks.report(`${host}: an address opened in another tab needs no signing in`, []);
  checks.equal(`${host}: nothing comes from elsewhere`, [...hosts], [new URL(base).host]);
  checks.equal(`${host}: no policy is violated`, reader.faults, []);
  await reader.close();
}

/** A page of another origin on this machine: of another site by `localhost`, of the same by the same name. */
async function otherOrigin(host: string): Promise<{ url: string; stop(): void }> {
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>elsewhere</title><body>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** In every way that a page has. It learns of no answer; what came of it the ledger and the directory tell. */
const ATTACK = `async (base) => {
  const org = base + "/v1/orgs/${ORG}";
  const send = (path, method, body) => fetch(org + path, {
    method, body, mode: "no-cors", credentials: "include", headers: { "content-type": "text/plain" },
  }).then((answer) => answer.type, () => "refused");
  const load = (tag, path) => new Promise((resolve) => {
    const element = document.createElement(tag);
    element.onload = element.onerror = resolve;
    element.src = base + path;
    document.body.append(element);
    // What is let through may be a download, which tells nobody that it came.
    setTimeout(resolve, 2000);
  });
  const submit = (path) => new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.name = "target";
    const form = document.createElement("form");
    Object.assign(form, { method: "POST", action: base + path, enctype: "text/plain", target: "target" });
    const input = document.createElement("input");
    Object.assign(input, { name: '{"name":"x","scopes":["org:admin"],"a":"', value: '"}' });
    form.append(input);
    document.body.append(frame, form);
    frame.onload = resolve;
    form.submit();
    setTimeout(resolve, 2000);
  });
  await send("/service-tokens", "POST", '{"name":"x","scopes":["org:admin"]}');
  await send("/audit/export", "GET");
  await load("img", "/v1/orgs/${ORG}/audit/export");
  await load("script", "/v1/orgs/${ORG}/audit/export?format=pack");
  await load("iframe", "/v1/orgs/${ORG}/audit/export");
  await submit("/v1/orgs/${ORG}/service-tokens");
  await fetch(base + "/v1/session", { method: "DELETE", credentials: "include" }).catch(() => 0);
  const read = await fetch(org + "/audit", { credentials: "include" }).then(() => "read", () => "no");
  return read;
}`;

async function checkElsewhere(served: Served): Promise<void> {
  const { checks, runtime } = served;
  for (const [kind, host] of [
    ["another site", "localhost"],
    ["another origin of the same site", "127.0.0.1"],
  ] as const) {
    const elsewhere = await otherOrigin(host);
    const { reader, base } = await signedIn(served);
    const before = await deeds(runtime);
    const foreign = await reader.page.context().newPage();
    await foreign.goto(elsewhere.url);
    const read = await foreign.evaluate(`(${ATTACK})(${JSON.stringify(base)})`);
    checks.equal(
      `${kind} reads nothing by a session, and does nothing by one`,
      [read, await deeds(runtime)],
      ["no", before],
    );
    await foreign.goto(elsewhere.url);
    await foreign.evaluate(`location.href = ${JSON.stringify(base + PATH)}`);
    await signedInView(foreign);
    checks.report(`a link on ${kind} leads to its page, signed in`, []);
    await reader.close();
    elsewhere.stop();
  }
  const { reader, base } = await signedIn(served);
  const before = await deeds(runtime);
  const typed = await reader.page.context().newPage();
  const answer = await typed.goto(`${base}${EXPORT}`);
  checks.equal(
    "an address that is typed leaves no entry behind",
    [answer?.status(), await deeds(runtime)],
    [403, before],
  );
  const own = await reader.page.evaluate(
    `fetch(${JSON.stringify(EXPORT)}).then(({ status }) => status)`,
  );
  checks.equal("the page's own export is let through", own, 200);
  await reader.close();
}

/** What anyone did to the org, but for signing in. */
async function deeds(runtime: Runtime): Promise<string[]> {
  const path = `/v1/orgs/${ORG}/audit?action_prefix=operator.&limit=1000`;
  const { events } = await runtime.json<{ events: { event: { action: string } }[] }>("GET", path);
  return events
    .map(({ event }) => event.action)
    .filter((action) => action !== "operator.session.created");
}

async function checkServing(served: Served): Promise<void> {
  const { checks, runtime } = served;
  const { reader } = await signedIn(served);
  const { page } = reader;
  const lost = await page.evaluate(`Promise.all([1, 2].map(() => fetch("/assets/main-OLDHASH1.js")
    .then(({ status, headers }) => [status, headers.get("cache-control")])))`);
  checks.equal("a script of another deployment is not there, and that is not kept", lost, [
    [404, "no-store"],
    [404, "no-store"],
  ]);
  const paths: string[] = await page.evaluate(
    `[...document.querySelectorAll("script[src],link[rel=stylesheet]")].map((one) => one.src || one.href)`,
  );
  const kept = await Promise.all(
    paths.map(async (path) => {
      const { headers } = await runtime.send("GET", new URL(path).pathname);
      return headers["cache-control"];
    }),
  );
  checks.equal(
    "its own are kept for ever",
    new Set(kept),
    new Set(["public, max-age=31536000, immutable"]),
  );
  const statuses = await Promise.all(
    ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/nothing"].map(async (path) => [
      path,
      (await runtime.send("GET", path)).status,
    ]),
  );
  checks.equal("the Worker's own paths are the Worker's", Object.fromEntries(statuses), {
    "/healthz": 200,
    "/readyz": 200,
    "/metrics": 200,
    "/openapi.json": 200,
    "/docs": 200,
    "/nothing": 404,
  });
  const before = reader.faults.length;
  const markup = await page.evaluate(`(() => {
    try { document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=alert(1)>"); return "made"; }
    catch (error) { return error.name; }
  })()`);
  // Later, for what the inspector itself evaluates may do so.
  const program = await page.evaluate(`new Promise((resolve) => setTimeout(() => {
    try { resolve(new Function("return 1")()); } catch (error) { resolve(error.name); }
  }))`);
  checks.equal(
    "no text becomes markup or a program",
    [markup, program],
    ["TypeError", "EvalError"],
  );
  await waitUntil(async () => reader.faults.length > before, {
    msMax: 10_000,
    what: "a violation",
  });
  checks.report("and the browser tells of the attempt", []);
  checks.equal("it is served alone", await page.evaluate("crossOriginIsolated || opener"), null);
  await reader.close();
}

async function checkEnds(served: Served): Promise<void> {
  const { checks, runtime, token } = served;
  const { reader } = await signedIn(served);
  const { page } = reader;
  const other = await page.context().newPage();
  await other.goto(`${runtime.url}${PATH}`);
  await signedInView(other);
  const status = await page.evaluate(
    `fetch("/v1/session", { method: "DELETE" }).then(({ status }) => status)`,
  );
  checks.equal(
    "signing out takes the cookie away",
    [status, await page.context().cookies()],
    [204, []],
  );
  await other.reload();
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
  checks.report("every tab is signed out then", []);
  await reader.close();

  const revoked = await signedIn(served);
  await runtime.json("GET", `/v1/orgs/${ORG}`);
  await runtime.send("DELETE", `/v1/orgs/${ORG}/service-tokens/${token.id}`);
  await revoked.reader.page.reload();
  await revoked.reader.page.getByRole("heading", { name: "Sign in" }).waitFor();
  checks.report("a session ends with its token", []);
  checks.equal("no policy is violated", revoked.reader.faults, []);
  await revoked.reader.close();
}
