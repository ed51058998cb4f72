/**
 * One statement of a route: what it is for, who may use it, what it takes and what it answers. The same
 * object documents the route (openapi.ts), asks for the scope that it documents, and reads what it says
 * it takes, so that none of the three can say another thing than the others.
 *
 * Who may use it is decided by the authoriser that `mount` is handed: this room knows neither orgs nor
 * tokens.
 */
import { type Context, Hono, type Env as HonoEnv, type MiddlewareHandler } from "hono";
import type { HttpEnv } from "./http-env.ts";
import { type Parameters, readParameters, type ValuesOf } from "./parameters.ts";
import type { RequestBody } from "./request-body.ts";

/** What every authoriser has to know; it may ask for more. */
export interface AccessTerms {
  /** Null: no token is asked for. */
  readonly scope: string | null;
  /** Another scope that lets in as well. */
  readonly orScope?: string;
  /** Where it is given, who sends no token may be let in too. */
  readonly publicWhere?: unknown;
  /** The document's scheme of another credential that is taken in place of a token. */
  readonly alsoBy?: string;
}

/** JSON Schemas by media type. */
export type Content = Readonly<Record<`${string}/${string}`, object>>;

export interface Answer {
  readonly description: string;
  readonly content?: Content;
}

export type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 410 | 413 | 415 | 429 | 500 | 503;

export interface Described {
  readonly method: "get" | "post" | "put" | "patch" | "delete" | "options";
  /** As Hono matches it: `/v1/orgs/:org/invocations/:id`. */
  readonly path: string;
  /** Unique: the name of the operation in a generated client. */
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  /** JSON Schemas of those parameters in the path that are more than a text. */
  readonly pathParameters?: Readonly<Record<string, object>>;
  readonly answers: Readonly<Record<number, Answer>>;
  /**
   * Statuses besides those that follow from scope (401, 403, 404, 429), query (400)
   * and body (400, 413, 415).
   */
  readonly problems?: readonly ProblemStatus[];
  /**
   * Where errors are not told as problems: the descriptions of the statuses told
   * otherwise, and their content.
   */
  readonly errors?: {
    readonly descriptions: Readonly<Record<number, string>>;
    readonly content: Content;
  };
}

export type Statement<
  Env extends HonoEnv,
  Access extends AccessTerms,
  Query extends Parameters,
  Body,
> = Access &
  Described & {
    /** The parameters that the query may have: none but these, each at most once. */
    readonly query?: Query;
    /** Others' scrapers and probes may add parameters of their own: those are passed over. */
    readonly isLenient?: true;
    readonly body?: RequestBody<Body>;
    readonly onError?: (error: Error, c: Context<Env>) => Response;
  };

export interface Route<Env extends HonoEnv, Access extends AccessTerms> {
  // biome-ignore lint/suspicious/noExplicitAny: each route has values of its own
  readonly statement: Statement<Env, Access, any, any>;
  readonly handle: (c: Context<Env>) => Promise<Response>;
}

interface Input<Query extends Parameters, Body> {
  readonly query: ValuesOf<Query>;
  readonly body: Body;
}

/** What an operator sends is counted against no budget. */
const uncounted = () => undefined;

/** `route`, for the routes of one environment and one kind of access. */
export function routeOf<Env extends HttpEnv, Access extends AccessTerms>() {
  return function route<Query extends Parameters = Record<never, never>, Body = undefined>(
    statement: Statement<Env, Access, Query, Body>,
    handler: (c: Context<Env>, input: Input<Query, Body>) => Response | Promise<Response>,
  ): Route<Env, Access> {
    const { query, isLenient = false, body } = statement;
    return {
      statement,
      async handle(c) {
        const values = query === undefined ? {} : readParameters(c.req.url, query, { isLenient });
        const onBytes = c.var.onBodyBytes ?? uncounted;
        const value = body === undefined ? undefined : await body.read(c.req.raw, onBytes);
        return handler(c, { query: values as ValuesOf<Query>, body: value as Body });
      },
    };
  };
}

/**
 * Mounts the routes in the order given: a path with a name has to come before one whose parameter would
 * match the name too.
 */
export function mount<Env extends HonoEnv, Access extends AccessTerms>(
  app: Hono<Env>,
  routes: readonly Route<Env, Access>[],
  authorise: (access: Access) => MiddlewareHandler<Env>,
): void {
  for (const { statement, handle } of routes) {
    const { method, path, onError } = statement;
    // An app of its own tells errors in its own way, those of the authoriser too.
    const on = onError === undefined ? app : new Hono<Env>();
    if (onError !== undefined) on.onError(onError);
    on.on(method.toUpperCase(), [path], authorise(statement), handle);
    if (on !== app) app.route("/", on);
  }
}
