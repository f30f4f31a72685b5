import { isIP } from 'node:net';

/**
 * Whether a host is this one, so that nobody else sees what goes there: `localhost`, 127.0.0.0/8 or `::1`. A name that only resolves to
 * loopback does not count, because it may resolve to something else tomorrow.
 *
 * @example isLoopbackHost('127.0.0.1'); // true
 */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}
