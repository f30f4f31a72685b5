/**
 * Whether every host of a gRPC target stays on this machine: `localhost`, 127.0.0.0/8, `::1` or a Unix socket.
 * A name that only resolves to loopback does not count, because it may resolve to something else tomorrow.
 *
 * @example
 * isLoopback('127.0.0.1:50051');                     // true
 * isLoopback('ipv4:127.0.0.1:50051,10.0.0.7:50051'); // false
 */
export function isLoopback(target: string): boolean {
  if (/^unix(-abstract)?:/.test(target)) return true;
  return target
    .replace(/^dns:(\/\/[^/]*\/)?|^ipv[46]:/, '')
    .split(',')
    .every((address) => /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d+)?$/.test(address));
}
