/** The reference for people: the OpenAPI document as one page, of which nothing is left out. */
import { escapeHtml, page } from "./pages.ts";

/** As much of an OpenAPI document as the page tells. */
export interface ReferenceDocument {
  readonly info: { readonly title: string; readonly description?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, ToldOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

interface ToldOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly ToldParameter[];
  readonly requestBody?: { readonly content: ToldContent };
  readonly responses: Readonly<Record<string, { description: string; content?: ToldContent }>>;
}

interface ToldParameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: object;
}

type ToldContent = Readonly<Record<string, { readonly schema: unknown }>>;

interface ReferenceCall {
  readonly method: string;
  readonly path: string;
  readonly operation: ToldOperation;
}

export function referencePage({ info, paths, components }: ReferenceDocument): string {
  const calls = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method, path, operation })),
  );
  const schemas = Object.entries(components.schemas);
  return page(
    info.title,
    `<h1>${escapeHtml(info.title)}</h1>
<p>${escapeHtml(info.description ?? "")}</p>
<p>The same for programs: <a href="/openapi.json"><code>/openapi.json</code></a>.</p>
<table>${calls.map(contentsRow).join("")}</table>
${calls.map(callSection).join("\n")}
<h2>Schemas</h2>
${schemas.map(([name, schema]) => `<h3 id="schema-${escapeHtml(name)}">${escapeHtml(name)}</h3>${schemaText(schema)}`).join("\n")}`,
  );
}

function contentsRow({ method, path, operation }: ReferenceCall): string {
  const { operationId, summary } = operation;
  return `<tr><td><a href="#${escapeHtml(operationId)}"><code>${nameOf(method, path)}</code></a></td><td>${escapeHtml(summary)}</td></tr>`;
}

function callSection({ method, path, operation }: ReferenceCall): string {
  const { operationId, summary, description, security, parameters = [] } = operation;
  return `<h2 id="${escapeHtml(operationId)}"><code>${nameOf(method, path)}</code></h2>
<p>${escapeHtml(summary)}. ${escapeHtml(description ?? "")}</p>
<p>Who may: ${escapeHtml(callersOf(security))}.</p>
${parameters.length === 0 ? "" : `<table><tr><th>parameter</th><th>in</th><th>what it is</th></tr>${parameters.map(parameterRow).join("")}</table>`}
${operation.requestBody === undefined ? "" : `<h3>Body</h3>${contentText(operation.requestBody.content)}`}
<h3>Answers</h3>
<table>${Object.entries(operation.responses).map(answerRow).join("")}</table>`;
}

function nameOf(method: string, path: string): string {
  return escapeHtml(`${method.toUpperCase()} ${path}`);
}

/** An empty requirement is one that everybody meets. */
function callersOf(security: ToldOperation["security"]): string {
  if (security.length === 0) return "anyone";
  const callers = security.map((requirement) => {
    const [scheme, scopes = []] = Object.entries(requirement)[0] ?? [
      "anyone, where the org says so",
    ];
    return scopes.length === 0 ? scheme : `a token with ${scopes.join(", ")}`;
  });
  return callers.join("; or ");
}

function parameterRow({ in: place, name, required, description, schema }: ToldParameter): string {
  const must = required ? ", required" : "";
  return `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(place + must)}</td><td>${escapeHtml(description ?? "")} <code>${escapeHtml(JSON.stringify(schema))}</code></td></tr>`;
}

function answerRow([status, { description, content = {} }]: [
  string,
  { description: string; content?: ToldContent },
]): string {
  return `<tr><td><code>${escapeHtml(status)}</code></td><td>${escapeHtml(description)}${contentText(content)}</td></tr>`;
}

function contentText(content: ToldContent): string {
  const types = Object.entries(content).map(
    ([mediaType, { schema }]) =>
      `<p><code>${escapeHtml(mediaType)}</code></p>${schemaText(schema)}`,
  );
  return types.join("");
}

/** A schema that stands elsewhere is a link to it. */
function schemaText(schema: unknown): string {
  const text = escapeHtml(JSON.stringify(schema, null, 2));
  const linked = text.replace(
    /&quot;#\/components\/schemas\/(\w+)&quot;/g,
    '<a href="#schema-$1">$1</a>',
  );
  return `<pre>${linked}</pre>`;
}
