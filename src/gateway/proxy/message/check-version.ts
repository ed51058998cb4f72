/**
 * Whether a request may have the version that it names, in the header and in `_meta` (2026-07-28, streamable-http
 * §Protocol Version Header, basic/index §_meta).
 */
import type { RpcMessage } from "./judge-body.ts";
import {
  eraOf,
  headerValue,
  isProtocolVersion,
  supportedVersions,
  VERSION_HEADER,
} from "./protocol-version.ts";

/** To be answered with status 400 in either era. */
export interface RequestFault {
  readonly status: 400;
  readonly code: -32020 | -32022 | -32602;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>> | null;
}

/** Nobody's version is longer, and the error repeats it. */
const ECHO_LENGTH_MAX = 64;

/** `message` is null where the request has no body (GET, DELETE). Null where there is no fault. */
export function checkVersion(headers: Headers, message: RpcMessage | null): RequestFault | null {
  const named = headerValue(headers, VERSION_HEADER);
  const claimed = message?.meta.protocolVersion ?? null;
  if (claimed !== null && named !== claimed) {
    return versionMismatch("does not match the version in _meta");
  }
  if (named === null) return null;
  if (!isProtocolVersion(named)) return unsupportedVersion(named, claimed !== null);
  if (message?.kind !== "request" || eraOf(named) === "legacy") return null;
  return modernFault(message);
}

function modernFault(message: RpcMessage): RequestFault | null {
  const { protocolVersion, hasCapabilities } = message.meta;
  if (protocolVersion === null && message.method === "initialize") {
    return versionMismatch("names a version without initialize");
  }
  if (protocolVersion === null) return missingMeta("protocolVersion");
  return hasCapabilities ? null : missingMeta("clientCapabilities");
}

function versionMismatch(detail: string): RequestFault {
  return {
    status: 400,
    code: -32020,
    message: `Header mismatch: MCP-Protocol-Version ${detail}`,
    data: null,
  };
}

function unsupportedVersion(requested: string, isClaimed: boolean): RequestFault {
  return {
    status: 400,
    code: -32022,
    message: "Unsupported protocol version",
    data: {
      supported: supportedVersions(isClaimed),
      requested: requested.slice(0, ECHO_LENGTH_MAX),
    },
  };
}

function missingMeta(name: string): RequestFault {
  return {
    status: 400,
    code: -32602,
    message: `Invalid params: _meta has no io.modelcontextprotocol/${name}`,
    data: null,
  };
}
