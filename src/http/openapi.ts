/** The OpenAPI 3.1 document of a list of routes, as the routes state themselves. */
import type { Parameter, Parameters } from "./parameters.ts";
import { PROBLEM_CONTENT, PROBLEMS, problemStatusesOf } from "./problem-answers.ts";
import type { AccessTerms, Answer, Content, Described } from "./route.ts";
import { SchemaComponents } from "./schema-components.ts";

/** As much of a route as the document tells. */
export interface DocumentedRoute {
  readonly statement: AccessTerms &
    Described & { readonly query?: Parameters; readonly body?: { readonly content: Content } };
}

interface DocumentTerms {
  readonly info: object;
  readonly securitySchemes: object;
  /** The security requirements of a scope, of which one is to be met. */
  readonly securityOf: (scope: string) => readonly object[];
  /** JSON Schemas of parameters that many paths have. */
  readonly pathParameters: Readonly<Record<string, object>>;
}

/** The document as plain data: whoever serves it makes JSON of it. */
export function openApiDocument(
  routes: readonly DocumentedRoute[],
  { info, securitySchemes, securityOf, pathParameters }: DocumentTerms,
): object {
  const components = new SchemaComponents();
  const paths: Record<string, Record<string, object>> = {};
  for (const { statement } of routes) {
    const path = statement.path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}");
    paths[path] ??= {};
    paths[path][statement.method] = {
      operationId: statement.operationId,
      summary: statement.summary,
      ...(statement.description !== undefined && { description: statement.description }),
      security: security(statement, securityOf),
      ...parametersOf(statement, pathParameters),
      ...bodyOf(statement.body, components),
      responses: responsesOf(statement, components),
    };
  }
  components.refer({ "application/problem+json": PROBLEM_CONTENT });
  return {
    openapi: "3.1.0",
    info,
    // Of the deployment that the document was read from.
    servers: [{ url: "/" }],
    paths,
    components: { schemas: components.schemas, securitySchemes },
  };
}

type Documented = DocumentedRoute["statement"];

/** An empty requirement is one that everybody meets. */
function security(
  { scope, orScope, publicWhere, alsoBy }: Documented,
  securityOf: DocumentTerms["securityOf"],
): object[] {
  if (scope === null) return [];
  const also = alsoBy === undefined ? [] : [{ [alsoBy]: [scope] }];
  const scopes = orScope === undefined ? [scope] : [scope, orScope];
  return [...scopes.flatMap(securityOf), ...also, ...(publicWhere === undefined ? [] : [{}])];
}

function parametersOf(
  { path, query = {}, pathParameters: own = {} }: Documented,
  shared: Readonly<Record<string, object>>,
): { parameters?: object[] } {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => ({
    in: "path",
    name,
    required: true,
    schema: own[name] ?? shared[name] ?? { type: "string" },
  }));
  const inQuery = Object.entries(query).map(([name, parameter]) => queryParameter(name, parameter));
  const parameters = [...inPath, ...inQuery];
  return parameters.length === 0 ? {} : { parameters };
}

function queryParameter(name: string, parameter: Parameter<unknown>): object {
  const { description, schema, isRequired, isRepeated } = parameter;
  const isArray = "type" in schema && schema.type === "array";
  return {
    in: "query",
    name,
    description,
    ...(isRequired && { required: true }),
    // An array is one text with commas, unless the parameter is repeated for each item.
    ...(isArray && { style: "form", explode: isRepeated === true }),
    schema,
  };
}

function bodyOf(body: Documented["body"], components: SchemaComponents): { requestBody?: object } {
  if (body === undefined) return {};
  return { requestBody: { required: true, content: components.refer(body.content) } };
}

function responsesOf(statement: Documented, components: SchemaComponents): Record<string, object> {
  const answers = Object.entries(statement.answers).map(([status, answer]) => [
    status,
    answerOf(answer, components),
  ]);
  return Object.fromEntries([...answers, ...errorsOf(statement, components)]);
}

function answerOf({ description, content }: Answer, components: SchemaComponents): object {
  return { description, ...(content !== undefined && { content: components.refer(content) }) };
}

function errorsOf(statement: Documented, components: SchemaComponents): [string, object][] {
  const { errors } = statement;
  return problemStatusesOf(statement).map((status) => {
    const own = errors?.descriptions[status];
    const content = errors === undefined || own === undefined ? PROBLEM_CONTENT : errors.content;
    const { description, headers } = PROBLEMS[status];
    return [
      String(status),
      {
        description: own ?? description,
        ...(headers !== undefined && { headers }),
        content: components.refer(content),
      },
    ];
  });
}
