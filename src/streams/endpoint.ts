/**
 * Which endpoints a stream may be sent to. The Worker sends with the deployment's network position, so
 * an org's must be a public HTTPS one: no address of ours, of a private network, or of a cloud's metadata
 * service, and no name that can only be one (SSRF). What a public name resolves to is not ours to know:
 * there the network that the Worker runs in decides, which has no way to private addresses.
 */

/** gRPC's port: a Worker's fetch has neither its framing nor its trailers. */
const GRPC_PORT = "4317";
const ENDPOINT_LENGTH_MAX = 2_048;

export const GRPC_REFUSAL =
  "names port 4317, OTLP over gRPC, which a Worker cannot speak (fetch has no HTTP/2 trailers): " +
  "use the collector's OTLP/HTTP port, 4318";

/** Names that resolve nowhere or inside: RFC 6761, RFC 6762, RFC 7686, RFC 8375, and clouds' own. */
const INSIDE_NAME =
  /(^|\.)(localhost|localdomain|local|internal|intranet|lan|home|home\.arpa|in-addr\.arpa|ip6\.arpa|corp|private|onion)$/;
const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;

export interface EndpointRules {
  /** On a developer's machine: `http://127.0.0.1:4318` is a collector there. */
  allowsLoopback: boolean;
  /**
   * Hosts of this service, with the port if it is not the scheme's: sending its streams to
   * itself would never end.
   */
  ownHosts: readonly string[];
}

/** What is wrong with an org's endpoint; null if nothing is. The message quotes nothing of it. */
export function refuseEndpoint(text: string, rules: EndpointRules): string | null {
  const url = parseEndpoint(text);
  if (typeof url === "string") return url;
  if (rules.ownHosts.some((own) => isSameHost(url, own))) return "must not be this service itself";
  return rules.allowsLoopback && isLoopback(url) ? null : refuseInside(url);
}

/** The operator's own endpoint may be anywhere, but must be one that a Worker can speak to. */
export function refuseDeploymentEndpoint(text: string): string | null {
  const url = parseEndpoint(text);
  return typeof url === "string" ? url : null;
}

/** The URL, or what is wrong with it whoever sets it. */
function parseEndpoint(text: string): URL | string {
  if (/^[^/?#]*(\/\/[^/?#]*)?:4317([/?#]|$)/.test(text)) return GRPC_REFUSAL;
  // URL drops tabs and line ends, trims, and turns backslashes: two texts of one endpoint.
  const isClean = text.length <= ENDPOINT_LENGTH_MAX && !/[\s\p{Cc}\\]/u.test(text);
  const url =
    isClean && /^https?:\/\/[^/]/i.test(text) && URL.canParse(text) ? new URL(text) : null;
  if (url === null) return "must be an absolute https URL without white space";
  return refuseParts(url, text) ?? url;
}

function refuseParts({ port, username, password, hostname }: URL, text: string): string | null {
  if (port === GRPC_PORT) return GRPC_REFUSAL;
  if (username !== "" || password !== "") return "must not hold credentials: use headers";
  // A lone ? or # leaves nothing in `search` or `hash`, and would still be in the way of a path.
  if (/[?#]/.test(text)) return "must have neither query nor fragment";
  // A trailing dot makes another name of the same host.
  return hostname === "" || hostname.endsWith(".") ? "must name a host" : null;
}

/**
 * Whether a URL leads to a host of ours. A public name serves us on any of its ports; on loopback, whatever
 * that is called, only our own port does.
 */
function isSameHost(url: URL, own: string): boolean {
  const ours = new URL(`${url.protocol}//${own}`);
  if (isLoopback(url) && isLoopback(ours)) return url.port === ours.port;
  return url.hostname === ours.hostname;
}

function refuseInside({ protocol, hostname }: URL): string | null {
  if (protocol !== "https:") return "must be https";
  const isInside = isAddress(hostname) || INSIDE_NAME.test(hostname) || !hostname.includes(".");
  return isInside ? "must be a public host name" : null;
}

export function isLoopback({ hostname }: URL): boolean {
  return LOOPBACK.test(hostname);
}

/**
 * A certificate is for a name; an address is either not public or not meant. URL has brought every form
 * of one (decimal, octal, hexadecimal, shortened, full-width digits) to these two.
 */
function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || /^\d{1,3}(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * The URL with `/v1/traces` or `/v1/metrics` added to an OTLP base, as exporters do (OTLP specification,
 * "OTLP/HTTP Request").
 */
export function signalUrl(endpoint: string, signal: "traces" | "metrics"): string {
  return `${endpoint.replace(/\/+$/, "")}/v1/${signal}`;
}

/** Scheme, host and port: a path may be a secret, as that of a webhook is. */
export function originOf(endpoint: string): string {
  return new URL(endpoint).origin;
}
