/** A synthetic log behind the HTTP API of the service, and whatever a test puts between. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { entryHash } from "#formats/ledger/entry.ts";
import {
  encodeBundle,
  parseTilePath,
  TILE_WIDTH,
  type TilePath,
} from "#formats/tlog/tlog-tiles.ts";
import { hashLines, type SyntheticLog } from "../../../harness/synthetic-log.ts";

export const TOKEN = "mcpgst_synthetic";

export interface Reply {
  status: number;
  body?: string | Uint8Array;
  headers?: Record<string, string>;
}

/** Null lets the log answer. `path` is what follows `…/audit`, with its query. */
export type Between = (path: string, server: LogServer) => Reply | null;

export class LogServer {
  log: SyntheticLog;
  readonly number: number;
  between: Between;
  readonly seen: string[] = [];
  readonly #server: Server;

  private constructor(log: SyntheticLog, number: number, between: Between) {
    this.log = log;
    this.number = number;
    this.between = between;
    this.#server = createServer((request, response) => {
      const { status, body, headers } = this.#answer(request);
      response.writeHead(status, headers);
      response.end(body);
    });
  }

  static async start(
    log: SyntheticLog,
    between: Between = () => null,
    number = 1,
  ): Promise<LogServer> {
    const server = new LogServer(log, number, between);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #answer({ headers, url = "" }: IncomingMessage): Reply {
    const prefix = `/v1/orgs/${this.log.org}/audit`;
    if (headers.authorization !== `Bearer ${TOKEN}`) return { status: 401 };
    if (!url.startsWith(`${prefix}/`)) return { status: 404 };
    const path = url.slice(prefix.length);
    this.seen.push(path);
    return this.between(path, this) ?? this.#answerOf(new URL(path, "http://log"));
  }

  #answerOf({ pathname, searchParams }: URL): Reply {
    const asked = searchParams.get("log");
    if (asked !== null && Number(asked) !== this.number) return { status: 404 };
    if (pathname === "/status") return json(this.#status());
    if (pathname === "/keys") return json(this.log.keysJson());
    const prefix = this.number === 1 ? "/log/" : `/log-${this.number}/`;
    if (pathname.startsWith(prefix)) {
      return this.#logAnswer(pathname.slice(prefix.length), searchParams);
    }
    return /^\/[0-9]+$/.test(pathname) ? this.#entry(Number(pathname.slice(1))) : { status: 404 };
  }

  #logAnswer(path: string, query: URLSearchParams): Reply {
    if (path === "checkpoint") return this.#checkpoint(query.get("size"));
    if (path === "consistency") {
      const [old, size] = [Number(query.get("old")), Number(query.get("new"))];
      return { status: 200, body: hashLines(this.log.consistency(old, size)) };
    }
    const tile = parseTilePath(path);
    return tile === null ? { status: 404 } : this.#tile(tile);
  }

  #status(): string {
    const { checkpoint, entries, minimumIndex, origin, size } = this.log;
    return JSON.stringify({
      origin,
      log: this.number,
      tree_size: entries.length,
      head: entries.length === 0 ? null : { seq: entries.length - 1, hash: this.log.headHash },
      checkpoint: checkpoint === null ? null : { size, signed_at: "2026-11-22T00:00:00.000Z" },
      unsigned_entries: entries.length - size,
      minimum_index: minimumIndex,
      frozen: false,
      frozen_reason: null,
      frozen_at: null,
      successor: null,
      misconfigured: null,
      holds: 0,
    });
  }

  #checkpoint(size: string | null): Reply {
    if (size === null) return text(this.log.checkpoint);
    const isCutover = this.log.cutoverSizes.includes(Number(size));
    const isNewest = Number(size) === this.log.size;
    return isCutover || isNewest ? text(this.log.checkpoints.get(Number(size))) : { status: 404 };
  }

  #entry(seq: number): Reply {
    if (seq < this.log.minimumIndex) return { status: 410 };
    const bytes = this.log.entries[seq];
    if (bytes === undefined) return { status: 404 };
    const event = new TextDecoder().decode(bytes);
    const previous = (JSON.parse(event) as { previous_hash: string }).previous_hash;
    return json(
      `{"seq":${seq},"hash":"${entryHash(bytes)}","previous_hash":"${previous}","event":${event}}`,
    );
  }

  /** As src/audit/ledger/published.ts: a partial tile is there until the full one is. */
  #tile(tile: TilePath): Reply {
    const level = tile.kind === "hash" ? tile.level : 0;
    const hashes = Math.floor(this.log.size / TILE_WIDTH ** level);
    const width = Math.min(TILE_WIDTH, hashes - tile.index * TILE_WIDTH);
    const isServed = tile.width === TILE_WIDTH ? width === TILE_WIDTH : width < TILE_WIDTH;
    if (!isServed || tile.width > width) return { status: 404 };
    const first = tile.index * TILE_WIDTH;
    if (tile.kind === "entries") {
      if (first < this.log.minimumIndex) return { status: 410 };
      return { status: 200, body: encodeBundle(this.log.entries.slice(first, first + tile.width)) };
    }
    const nodes = Array.from({ length: tile.width }, (_, at) =>
      this.log.node(8 * level, first + at),
    );
    return { status: 200, body: Buffer.concat(nodes) };
  }
}

function json(body: string): Reply {
  return { status: 200, body, headers: { "content-type": "application/json" } };
}

function text(body: string | null | undefined): Reply {
  return body == null ? { status: 404 } : { status: 200, body };
}
