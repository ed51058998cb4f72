/** ContextForge's package, and what its process is told. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { SignJWT } from "jose";
import { findPython, pinnedVersion, pythonVenv } from "../e2e/python-venv.ts";

const PACKAGE = "mcp-contextforge-gateway";
const REQUIREMENTS = join(import.meta.dirname, "contextforge-requirements.txt");
/** What the pinned version says it runs on. */
const PYTHONS = ["3.13", "3.12"];
const ADMIN = "admin@example.com";

export interface Installed {
  python: string;
  version: string;
}

export interface Access {
  token: string;
  settings: Record<string, string>;
}

/** Nothing, said aloud, where Python or the packages cannot be had. */
export async function installOrSkip(): Promise<Installed | undefined> {
  const skip = (why: string) => void console.log(`SKIPPED CONTEXTFORGE: ${why}`);
  const found = findPython(PYTHONS);
  if (found === undefined) {
    skip(`Python ${PYTHONS.join(" or ")} with venv cannot be run here`);
    return undefined;
  }
  try {
    const python = await pythonVenv("contextforge", REQUIREMENTS, found);
    const version = await pinnedVersion(REQUIREMENTS, PACKAGE);
    return { python, version };
  } catch (error) {
    skip(`its packages cannot be installed here: ${(error as Error).message}`);
    return undefined;
  }
}

/**
 * Set is what it demands (secrets: it refuses short ones, and what looks like an example), what would refuse the
 * bench (an upstream on loopback, more than 100 calls a minute), and sessions, in which a call costs it a third.
 * Of its records, metrics of each call are on, written once a minute; the audit trail and traces are off. The
 * token is its administrator's, for an hour.
 */
export async function newAccess(): Promise<Access> {
  const secret = () => `Aa1!${randomUUID()}`;
  const key = secret();
  const user = { email: ADMIN, is_admin: true, auth_provider: "cli" };
  const token = await new SignJWT({ user, teams: null, env: "development" })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(ADMIN)
    .setIssuer("mcpgateway")
    .setAudience("mcpgateway-api")
    .setIssuedAt()
    .setExpirationTime("1h")
    .setJti(randomUUID())
    .sign(new TextEncoder().encode(key));
  const settings = {
    JWT_SECRET_KEY: key,
    AUTH_ENCRYPTION_SECRET: secret(),
    PLATFORM_ADMIN_EMAIL: ADMIN,
    PLATFORM_ADMIN_PASSWORD: secret(),
    DEFAULT_USER_PASSWORD: secret(),
    BASIC_AUTH_PASSWORD: secret(),
    SSRF_ALLOW_LOCALHOST: "true",
    RATE_LIMITING_ENABLED: "false",
    USE_STATEFUL_SESSIONS: "true",
  };
  return { token, settings };
}
