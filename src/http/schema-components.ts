/** Schemas that have a name of their own stand once in the document, and are referred to elsewhere. */
import type { Content } from "./route.ts";

export class SchemaComponents {
  readonly schemas: Record<string, unknown> = {};

  /** The content with each schema that has a `title` put into the components. */
  refer(content: Content): Record<string, { schema: unknown }> {
    const entries = Object.entries(content).map(([mediaType, schema]) => [
      mediaType,
      { schema: this.#referred(schema) },
    ]);
    return Object.fromEntries(entries);
  }

  #referred(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((item) => this.#referred(item));
    if (typeof schema !== "object" || schema === null) return schema;
    const entries = Object.entries(schema).map(([key, value]) => [key, this.#referred(value)]);
    const { type, enum: values } = schema as { type?: unknown; enum?: readonly unknown[] };
    // JSON Schema needs no type beside the values; those who generate clients do.
    if (type === undefined && values?.every((value) => typeof value === "string")) {
      entries.push(["type", "string"]);
    }
    const title: unknown = (schema as { title?: unknown }).title;
    if (typeof title !== "string") return Object.fromEntries(entries);
    this.#add(title, Object.fromEntries(entries));
    return { $ref: `#/components/schemas/${title}` };
  }

  #add(title: string, schema: object): void {
    const known = this.schemas[title];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
      throw new Error(`openapi: two schemas are called ${title}`);
    }
    this.schemas[title] = schema;
  }
}
