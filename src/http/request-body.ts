/** What a route takes in its body: read with its limit, checked against the schema that documents it. */
import type { Static, TSchema } from "typebox";
import type { Validator } from "typebox/schema";
import { ERRORS_MAX, fail, type ValidationError } from "#platform/errors.ts";
import { inSlices } from "#platform/slices.ts";
import { type OnBytes, parseJsonBody } from "./read-body.ts";
import type { Content } from "./route.ts";
import { validate } from "./validate.ts";
import { validationErrors } from "./validation-errors.ts";

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

export interface ListedItems {
  /** The member that lists them. */
  list: string;
  /** Of the body with a list of anything. */
  envelope: Validator<TSchema>;
  item: Validator<TSchema>;
  /** To be checked; asked for once it was. */
  costUs: (item: unknown) => number;
}

/** As `jsonBody`, of a body that lists items which take long to be checked: that is done in slices. */
export function jsonListBody<Schema extends TSchema>(
  validator: Validator<Schema>,
  { bytesMax, ...items }: { bytesMax: number } & ListedItems,
): RequestBody<Static<Schema>> {
  return {
    content: { "application/json": validator.Schema() as object },
    read: async (request, onBytes) => {
      const value = await parseJsonBody(request, { bytesMax, onBytes });
      const refused = await listedErrors(items, value);
      if (refused !== null) return fail({ kind: "invalid_request", errors: refused });
      return value as Static<Schema>;
    },
  };
}

/** Null where there is nothing to refuse. */
async function listedErrors(
  { list, envelope, item, costUs }: ListedItems,
  value: unknown,
): Promise<ValidationError[] | null> {
  let isSound = envelope.Check(value);
  const errors = isSound ? [] : validationErrors(envelope.Schema() as TSchema, value);
  // A list that is none, or of the wrong length, is not looked into.
  if (errors.some(({ pointer }) => pointer === `/${list}`)) return errors;
  const { [list]: listed } = (value ?? {}) as Record<string, unknown>;
  const items: readonly unknown[] = Array.isArray(listed) ? listed : [];
  await inSlices(
    items.entries(),
    ([, one]) => costUs(one),
    ([index, one]) => {
      if (errors.length >= ERRORS_MAX || item.Check(one)) return;
      isSound = false;
      errors.push(...validationErrors(item.Schema() as TSchema, one, `/${list}/${index}`));
    },
  );
  return isSound ? null : errors.slice(0, ERRORS_MAX);
}
