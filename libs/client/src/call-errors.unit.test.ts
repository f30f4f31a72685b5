import { Metadata, type ServiceError, status } from '@grpc/grpc-js';

import {
  AccessDeniedError,
  CallError,
  CancelledError,
  InvalidQueryError,
  OutOfTimeError,
  OverloadedError,
  toCallError,
  UnavailableError,
  UnknownItemError,
} from './call-errors';

function statusOf(code: status, details: string, pushback?: string): ServiceError {
  const metadata = new Metadata();
  if (pushback !== undefined) metadata.set('grpc-retry-pushback-ms', pushback);
  return Object.assign(new Error('of grpc'), { code, details, metadata });
}

test.each([
  [status.INVALID_ARGUMENT, InvalidQueryError, false],
  [status.NOT_FOUND, UnknownItemError, false],
  [status.RESOURCE_EXHAUSTED, OverloadedError, false],
  [status.UNAVAILABLE, UnavailableError, true],
  [status.DEADLINE_EXCEEDED, OutOfTimeError, true],
  [status.CANCELLED, CancelledError, false],
  [status.UNAUTHENTICATED, AccessDeniedError, false],
  [status.PERMISSION_DENIED, AccessDeniedError, false],
  [status.INTERNAL, CallError, false],
  [status.DATA_LOSS, CallError, false],
])('status %s has a class of its own, and says whether a retry may help', (code, type, isRetriable) => {
  const cause = statusOf(code, 'why');
  const error = toCallError(cause);
  expect(error.constructor).toBe(type);
  expect(error).toBeInstanceOf(CallError);
  expect(error).toMatchObject({ code, details: 'why', isRetriable, cause, name: type.name });
  expect(error.message).toBe(`${status[code]}: why`);
});

test.each([
  ['limit: expected 1 to 1000, found 5000', 'limit'],
  [
    'requests[3].filter.any_of.filters[0].equals.attribute: expected no filter',
    'requests[3].filter.any_of.filters[0].equals.attribute',
  ],
  ['features.x.y-z: expected a finite number, found NaN', 'features.x.y-z'],
  ['something else', undefined],
])('%s: the field is %s', (details, field) => {
  expect(toCallError(statusOf(status.INVALID_ARGUMENT, details))).toMatchObject({ field });
});

test.each([
  ['1000', 1000, true],
  ['0', 0, true],
  ['-1', undefined, false], // "do not try again", gRFC A6
  [undefined, undefined, false],
  ['soon', undefined, false],
])('a pushback of %s is a pause of %s', (pushback, retryAfterMs, isRetriable) => {
  const error = toCallError(statusOf(status.RESOURCE_EXHAUSTED, 'too much', pushback));
  expect(error).toMatchObject({ retryAfterMs, isRetriable });
});
