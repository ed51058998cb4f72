import { describe, expect, it } from "vitest";
import { app } from "#app.ts";
import { call } from "../harness/deployment.ts";

interface Operation {
  summary?: string;
  security?: { bearer: string[] }[];
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
}

interface Document {
  openapi: string;
  paths: Record<string, Partial<Record<"get" | "post" | "put" | "patch" | "delete", Operation>>>;
  components: { schemas: Record<string, unknown> };
}

async function openapi(): Promise<Document> {
  const response = await call("GET", "/openapi.json", { token: null });
  expect(response.status).toBe(200);
  return response.json();
}

describe("GET /openapi.json", () => {
  it("describes every route that the Worker serves", async () => {
    const { openapi: version, paths } = await openapi();
    expect(version).toBe("3.1.0");
    const served = app.routes
      .filter(({ method }) => method !== "ALL")
      .map(
        ({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)(\{.+\})?/g, "{$1}")}`,
      );
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    const strip = (route: string) => route.replace(/\/$/, "");
    expect(new Set(described.map(strip))).toEqual(new Set(served.map(strip)));
    for (const operation of Object.values(paths).flatMap(Object.values)) {
      expect(operation?.summary).toBeTruthy();
    }
  });

  it("says of a route its scope, its problems and its schemas", async () => {
    const { paths, components } = await openapi();
    const patch = paths["/v1/orgs/{org}"]?.patch;
    expect(patch?.security).toEqual([{ bearer: ["org:admin"] }]);
    expect(Object.keys(patch?.responses ?? {})).toEqual(
      expect.arrayContaining(["200", "400", "401", "403", "404", "409", "413", "415", "429"]),
    );
    const problem = patch?.responses["403"]?.content?.["application/problem+json"]?.schema;
    expect(problem?.$ref).toBe("#/components/schemas/Problem");
    expect(components.schemas).toHaveProperty("Problem");
    expect(patch?.responses["200"]?.content).toMatchObject({
      "application/json": { schema: { type: "object", properties: { tier: {} } } },
    });
  });
});
