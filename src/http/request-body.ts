/** What a route takes in its body: read with its limit, checked against the schema that documents it. */
import type { Static, TSchema } from "typebox";
import type { Validator } from "typebox/schema";
import { type OnBytes, parseJsonBody } from "./read-body.ts";
import type { Content } from "./route.ts";
import { validate } from "./validate.ts";

export interface RequestBody<Value> {
  readonly content: Content;
  /** Fails with 413, 415 or 400 for a body that is no such value. */
  readonly read: (request: Request, onBytes: OnBytes) => Promise<Value>;
}

/** `documentedAs` is the schema for the document where the handler checks parts of the body one by one. */
export function jsonBody<Schema extends TSchema>(
  validator: Validator<Schema>,
  { bytesMax, documentedAs }: { bytesMax: number; documentedAs?: object },
): RequestBody<Static<Schema>> {
  return {
    content: { "application/json": documentedAs ?? (validator.Schema() as object) },
    read: async (request, onBytes) =>
      validate(validator, await parseJsonBody(request, { bytesMax, onBytes })),
  };
}
