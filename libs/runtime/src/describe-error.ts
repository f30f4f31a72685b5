import { isProgrammingError } from './programming-error';

/** System error -> what it means to whoever runs the app. */
const meanings: Readonly<Record<string, string>> = {
  EADDRINUSE: 'port in use',
  EADDRNOTAVAIL: 'no such address on this host',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the other side closed the connection',
  ENOTFOUND: 'unknown host',
  ETIMEDOUT: 'no answer in time',
  ENOSPC: 'disk full',
  EDQUOT: 'disk quota exceeded',
  EROFS: 'not writable: read-only file system',
  EACCES: 'not readable or not writable: permission denied',
  EPERM: 'not allowed',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'not a folder',
  EISDIR: 'a folder, not a file',
  EMFILE: 'too many open files',
};

/** Causes that are told; deeper ones say nothing new. */
const maxCauses = 8;

/**
 * Says in one line what went wrong and where: the message, then its causes, each once.
 *
 * System errors are told in words with path or address and their code. Mistakes in the code come with their place in it.
 *
 * @example describeError(new Error('cannot publish 3-17', { cause: enospc }));
 * // 'cannot publish 3-17: disk full: /var/models/3-17 (ENOSPC)'
 */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current = error;
  for (let depth = 0; depth < maxCauses && current !== undefined; depth++) {
    const part = oneLine(describeOne(current));
    if (part !== '' && !parts.some((earlier) => earlier.includes(part))) parts.push(part);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(': ');
}

function describeOne(error: unknown): string {
  if (!(error instanceof Error))
    return typeof error === 'string' ? error : `thrown: ${JSON.stringify(error) ?? typeof error}`;
  if (error instanceof AggregateError && error.message === '') return error.errors.map(describeError).join(', ');
  if (isSystemError(error)) return describeSystemError(error);
  if (!isProgrammingError(error)) return error.message || error.name;
  const [, place] = /^\s+at (.+)$/m.exec(error.stack ?? '') ?? [];
  return `${error.name}: ${error.message}${place === undefined ? '' : ` (at ${place})`}`;
}

interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly path?: string;
  readonly address?: string;
  readonly hostname?: string;
  readonly port?: number;
}

function isSystemError(error: Error): error is SystemError {
  return 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}

function describeSystemError({ code, message, path, address, hostname, port }: SystemError): string {
  const meaning = meanings[code];
  if (meaning === undefined) return message;
  const host = address ?? hostname;
  const where = path ?? (host !== undefined && port !== undefined ? `${host}:${port}` : host);
  return where === undefined ? `${meaning} (${code})` : `${meaning}: ${where} (${code})`;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, '; ');
}
