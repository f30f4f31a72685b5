import { randomUUID } from 'node:crypto';

import { Metadata, type ServerErrorResponse, status } from '@grpc/grpc-js';
import type { Logger } from '@gatehouse/runtime';

import { LimitExceededError, PermissionDeniedError, UnauthenticatedError } from './access/access-errors';
import { CallCancelledError, OutOfTimeError, OverloadedError, UnknownItemError } from './call-errors';
import { InvalidRequestError } from './invalid-request-error';
import { NotServingError } from './serving';
import { withoutIds } from './without-ids';

/** Pause that a shed caller is asked for. */
const pushbackMs = 1000;

/**
 * The gRPC status of any error: the only place that decides it. What the caller can act on keeps its message. Anything else is
 * INTERNAL with an id, under which the log has the details, because messages of other layers may name files; what they quote of
 * the request is hidden there.
 */
export function toStatus(error: unknown, logger: Logger, request?: unknown): Partial<ServerErrorResponse> {
  if (error instanceof InvalidRequestError) return { code: status.INVALID_ARGUMENT, details: error.message };
  if (error instanceof UnknownItemError) return { code: status.NOT_FOUND, details: error.message };
  if (error instanceof NotServingError) return { code: status.UNAVAILABLE, details: error.message };
  if (error instanceof CallCancelledError) return { code: status.CANCELLED, details: error.message };
  if (error instanceof OutOfTimeError) return { code: status.DEADLINE_EXCEEDED, details: error.message };
  if (error instanceof OverloadedError) return exhausted(error, pushbackMs);
  if (error instanceof LimitExceededError) return exhausted(error, error.pushbackMs);
  if (error instanceof UnauthenticatedError) return { code: status.UNAUTHENTICATED, details: error.message };
  if (error instanceof PermissionDeniedError) return { code: status.PERMISSION_DENIED, details: error.message };
  const errorId = randomUUID();
  logger.error('call.failed', { errorId, error: withoutIds(error, request) });
  return { code: status.INTERNAL, details: `internal error ${errorId}` };
}

function exhausted({ message }: Error, pauseMs: number): Partial<ServerErrorResponse> {
  const metadata = new Metadata();
  metadata.set('grpc-retry-pushback-ms', String(pauseMs));
  return { code: status.RESOURCE_EXHAUSTED, details: message, metadata };
}
