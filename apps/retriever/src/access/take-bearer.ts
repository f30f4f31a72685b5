import type { Metadata } from '@grpc/grpc-js';

import { UnauthenticatedError } from './access-errors';

/** Longest token: those of common issuers have 1 to 4 KiB. Longer ones are not even hashed. */
const maxTokenLength = 8192;

/**
 * Takes the bearer token out of a call's metadata, so that nothing behind sees it.
 *
 * @returns undefined without the header.
 * @throws UnauthenticatedError for a header that is anything but one token of at most 8192 characters.
 */
export function takeBearer(metadata: Metadata): string | undefined {
  const headers = metadata.get('authorization');
  metadata.remove('authorization');
  if (headers.length === 0) return undefined;
  const [header] = headers;
  if (headers.length > 1 || typeof header !== 'string') throw new UnauthenticatedError('malformed');
  if (header.length > maxTokenLength + 'Bearer '.length) throw new UnauthenticatedError('oversize');
  const [, token] = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(header) ?? [];
  if (token === undefined) throw new UnauthenticatedError('malformed');
  return token;
}
