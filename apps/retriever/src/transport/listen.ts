import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
import { unlink } from 'node:fs/promises';
import { connect, createServer, isIP, type Server, type Socket } from 'node:net';

/** Where to listen. */
export interface ListenAddress {
  /** Name or address, `[::1]` or `::1`, or `unix:<path>`. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** Sockets that take connections. */
export interface Listeners {
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Takes no more. Connections that are there go on. */
  close(): void;
}

/** The address cannot be listened on. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  constructor(
    readonly address: string,
    reason: string,
  ) {
    super(`cannot listen on ${address}: ${reason}`);
  }
}

/** Connections that wait to be taken: as many as Node.js has by default. */
const backlog = 511;

/** The path of a host `unix:<path>`. */
export function unixPathOf(host: string): string | undefined {
  return host.startsWith('unix:') ? host.slice('unix:'.length) : undefined;
}

/**
 * Listens on all addresses of a host, as `localhost` mostly has two. One that this machine does not have is left out while another works.
 * A socket file that a killed server left behind is replaced.
 *
 * @throws ListenError
 */
export async function listen({ host, port }: ListenAddress, onSocket: (socket: Socket) => void): Promise<Listeners> {
  const path = unixPathOf(host);
  const servers: Server[] = [];
  const add = async (options: { path: string } | { host: string; port: number }): Promise<void> => {
    // Half-open: HTTP/2 decides when both directions end.
    const server = createServer({ allowHalfOpen: false, noDelay: true }, onSocket);
    server.listen({ ...options, backlog });
    await once(server, 'listening');
    servers.push(server);
  };
  const close = (): void => {
    for (const server of servers) server.close();
  };
  const portOf = ([first]: readonly Server[]): number => {
    const bound = first?.address();
    return bound !== null && typeof bound === 'object' ? bound.port : port;
  };
  const failures: unknown[] = [];
  for (const address of path === undefined ? await addressesOf(host) : [path]) {
    const options = path === undefined ? { host: address, port: portOf(servers) } : { path };
    await add(options)
      .catch(async (error: unknown) => {
        if (path === undefined || !isInUse(error) || !(await isAbandoned(path))) throw error;
        await unlink(path);
        await add(options);
      })
      .catch((error: unknown) => failures.push(error));
    // A port that is taken on one address only is another server's.
    if (failures.some(isInUse)) break;
  }
  if (servers.length === 0 || failures.some(isInUse)) {
    close();
    throw new ListenError(path ?? `${host.includes(':') ? `[${bare(host)}]` : host}:${port}`, reasonOf(failures));
  }
  return { port: path === undefined ? portOf(servers) : 0, close };
}

/** Whether nobody listens on a socket file: its server was killed. */
function isAbandoned(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

async function addressesOf(host: string): Promise<string[]> {
  if (isIP(bare(host)) !== 0) return [bare(host)];
  const found = await lookup(host, { all: true }).catch(() => []);
  return [...new Set(found.map(({ address }) => address))];
}

const isInUse = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EADDRINUSE';

function reasonOf(failures: readonly unknown[]): string {
  if (failures.length === 0) return 'unknown host';
  if (failures.some(isInUse)) return 'port in use';
  if (failures.some((each) => (each as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL')) return 'address not available';
  return failures.map((failure) => (failure instanceof Error ? failure.message : String(failure))).join(', ');
}
