import { describe, expect, it } from "vitest";
import { app, routes } from "#app.ts";
import type { Access } from "#orgs/http/access.ts";
import { call } from "../harness/deployment.ts";
import { OR_SCOPES, SCOPES_OF_ROUTES, SESSIONLESS } from "../route-scopes.ts";

interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  items?: Schema;
  minimum?: number;
  maximum?: number;
}

interface Parameter {
  in: "path" | "query";
  name: string;
  required?: boolean;
  explode?: boolean;
  schema: Schema;
}

type Content = Record<string, { schema: Schema }>;

interface Operation {
  operationId: string;
  summary?: string;
  security: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { content: Content };
  responses: Record<string, { description: string; content?: Content }>;
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
}

async function openapi(): Promise<Document> {
  const response = await call("GET", "/openapi.json", { token: null });
  expect(response.status).toBe(200);
  return response.json();
}

const pathOf = (path: string) => path.replace(/:(\w+)(\{.+\})?/g, "{$1}");

/** Every operation with its path and method. */
function operationsOf({ paths }: Document): [name: string, Operation][] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(
      ([method, operation]) => [`${method} ${path}`, operation] as [string, Operation],
    ),
  );
}

/** Every value anywhere in the document that stands under a key. */
function under(value: unknown, key: string): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name === key ? [inner] : []),
    ...under(inner, key),
  ]);
}

/** What lets one in beside a token. */
function alsoOf(
  scope: string | null,
  { alsoBy, publicWhere }: { alsoBy: string | undefined; publicWhere: unknown },
): object[] {
  const also = alsoBy === undefined ? [] : [{ [alsoBy]: [scope] }];
  return publicWhere === undefined ? also : [...also, {}];
}

describe("GET /openapi.json", () => {
  it("describes every route that the Worker serves", async () => {
    const document = await openapi();
    expect(document.openapi).toBe("3.1.0");
    const served = app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method.toLowerCase()} ${pathOf(path)}`);
    const described = operationsOf(document).map(([name]) => name);
    expect(new Set(described)).toEqual(new Set(served));
    for (const [, operation] of operationsOf(document)) expect(operation.summary).toBeTruthy();
  });

  it("says of a route its scope, its problems and its schemas", async () => {
    const { paths, components } = await openapi();
    const patch = paths["/v1/orgs/{org}"]?.["patch"];
    expect(patch?.security).toEqual([{ bearer: ["org:admin"] }, { session: ["org:admin"] }]);
    expect(Object.keys(patch?.responses ?? {})).toEqual(
      expect.arrayContaining(["200", "400", "401", "403", "404", "409", "413", "415", "429"]),
    );
    const problem = patch?.responses["403"]?.content?.["application/problem+json"]?.schema;
    expect(problem?.$ref).toBe("#/components/schemas/Problem");
    expect(components.schemas).toHaveProperty("Problem");
    expect(patch?.responses["200"]?.content?.["application/json"]?.schema.$ref).toBe(
      "#/components/schemas/Org",
    );
    expect(components.schemas["Org"]).toMatchObject({ type: "object", properties: { tier: {} } });
  });

  it("says for each route who may use it, as the route asks for it", async () => {
    const { paths } = await openapi();
    const requirementOf = (scope: string) =>
      scope === "administrator" || scope === "deployment-metrics" || scope === "session"
        ? { [scope]: [] }
        : { bearer: scope === "any" ? [] : [scope] };
    const bySession = (scope: NonNullable<Access["scope"]>) =>
      SESSIONLESS.has(scope) || scope === "session"
        ? []
        : [{ session: scope === "any" ? [] : [scope] }];
    for (const { statement } of routes) {
      const { method, path, publicWhere, alsoBy } = statement;
      const scope = SCOPES_OF_ROUTES[`${method} ${path}`] ?? null;
      const orScope = OR_SCOPES[`${method} ${path}`];
      const asked = [scope, orScope].filter((one) => one !== null && one !== undefined);
      const required = asked.flatMap((one) => [requirementOf(one), ...bySession(one)]);
      const expected = [...required, ...alsoOf(scope, { alsoBy, publicWhere })];
      expect([path, paths[pathOf(path)]?.[method]?.security]).toEqual([path, expected]);
    }
  });

  it("names each operation once, and each scheme that security asks for", async () => {
    const document = await openapi();
    const ids = operationsOf(document).map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][a-zA-Z]+$/);
    const schemes = Object.keys(document.components.securitySchemes);
    for (const [, { security }] of operationsOf(document)) {
      for (const scheme of security.flatMap((one) => Object.keys(one))) {
        expect(schemes).toContain(scheme);
      }
    }
  });

  it("gives every parameter its exact type", async () => {
    const document = await openapi();
    const parameter = (path: string, name: string) =>
      document.paths[path]?.["get"]?.parameters?.find((one) => one.name === name);
    const calls = "/v1/orgs/{org}/invocations";
    expect(parameter(calls, "limit")?.schema).toMatchObject({ type: "integer", maximum: 1_000 });
    expect(parameter(calls, "min_duration_ms")?.schema).toMatchObject({ type: "number" });
    expect(parameter(calls, "outcome")).toMatchObject({
      explode: false,
      schema: { type: "array", items: { enum: expect.arrayContaining(["ok", "policy_denied"]) } },
    });
    expect(parameter("/v1/orgs/{org}/rollups", "granularity")?.schema.enum).toEqual([
      "hour",
      "day",
    ]);
    expect(parameter("/v1/orgs/{org}/metrics", "name[]")).toMatchObject({ explode: true });
    const { parameters = [] } =
      document.paths["/v1/orgs/{org}/audit/{log}/consistency"]?.["get"] ?? {};
    expect(parameters.filter(({ required }) => required).map(({ name }) => name)).toEqual([
      "org",
      "log",
      "old",
      "new",
    ]);
  });

  it("describes every parameter in its path, and says of each what it is", async () => {
    const document = await openapi();
    for (const [name, operation] of operationsOf(document)) {
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameterName]) => parameterName);
      const described = (operation.parameters ?? []).filter((one) => one.in === "path");
      expect([name, described.map((one) => one.name)]).toEqual([name, inPath]);
      for (const { schema } of operation.parameters ?? []) expect(schema.type).toBeTruthy();
    }
  });

  it("describes every body and every answer with one, in all of its media types", async () => {
    const document = await openapi();
    const contents = operationsOf(document).flatMap(([name, { requestBody, responses }]) =>
      [requestBody, ...Object.values(responses)].map(
        (body) => [name, body?.content ?? {}] as const,
      ),
    );
    for (const [name, content] of contents) {
      for (const [mediaType, { schema }] of Object.entries(content)) {
        expect([name, mediaType, schema.$ref ?? schema.type]).toEqual([
          name,
          mediaType,
          expect.anything(),
        ]);
      }
    }
    for (const [name, { requestBody }] of operationsOf(document)) {
      const takesBody = /^(post|put|patch) /.test(name) && !/(rotate|checkpoint|probe)$/.test(name);
      expect([name, requestBody !== undefined]).toEqual([name, takesBody]);
    }
    const mediaTypes = (path: string, method = "get") =>
      Object.keys(document.paths[path]?.[method]?.responses["200"]?.content ?? {});
    expect(mediaTypes("/v1/orgs/{org}/metrics")).toHaveLength(3);
    expect(mediaTypes("/v1/orgs/{org}/audit/export")).toEqual([
      "application/x-ndjson",
      "application/x-tar",
    ]);
  });

  it("holds no reference that leads nowhere, and no pattern that a generator cannot read", async () => {
    const document = await openapi();
    for (const reference of under(document, "$ref")) {
      const name = String(reference).replace("#/components/schemas/", "");
      expect(document.components.schemas).toHaveProperty([name]);
    }
    const patterns = under(document, "pattern");
    expect(patterns.length).toBeGreaterThan(5);
    for (const pattern of patterns) expect(pattern).not.toMatch(/\\p\{/);
  });
});
