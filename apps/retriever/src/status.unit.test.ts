import { status } from '@grpc/grpc-js';

import { CallCancelledError, OutOfTimeError, OverloadedError, UnknownItemError } from './call-errors';
import { InvalidRequestError } from './invalid-request-error';
import { createRecordingLogger } from './retriever.fixture';
import { NotServingError } from './serving';
import { toStatus } from './status';
import { withoutIds } from './without-ids';

test.each([
  [new InvalidRequestError('limit', '1 to 1000', '5000'), 'INVALID_ARGUMENT', 'limit: expected 1 to 1000, found 5000'],
  [new UnknownItemError('x"\n'), 'NOT_FOUND', 'item_id: expected an item of the catalogue, found "x\\"\\n"'],
  [new NotServingError(), 'UNAVAILABLE', 'no model version is served yet; try again shortly'],
  [new CallCancelledError(), 'CANCELLED', 'the call was cancelled'],
  [new OutOfTimeError(), 'DEADLINE_EXCEEDED', 'the deadline of the call is over'],
] as const)('%s', (error, code, details) => {
  expect(toStatus(error, createRecordingLogger())).toEqual({ code: status[code], details });
});

test('a shed caller is told when to come back', () => {
  const { code, metadata } = toStatus(new OverloadedError(), createRecordingLogger());
  expect(code).toBe(status.RESOURCE_EXHAUSTED);
  expect(metadata?.get('grpc-retry-pushback-ms')).toEqual(['1000']);
});

test.each([new Error('/var/secret: EIO'), 'thrown text', undefined])(
  '%p is INTERNAL with an id of the log',
  (error) => {
    const logger = createRecordingLogger();
    const { code, details } = toStatus(error, logger);
    const [{ line, fields }] = logger.lines;
    expect(code).toBe(status.INTERNAL);
    expect(line).toBe('error call.failed');
    expect(details).toBe(`internal error ${String(fields['errorId'])}`);
    expect(fields['error']).toEqual(withoutIds(error, undefined));
  },
);
