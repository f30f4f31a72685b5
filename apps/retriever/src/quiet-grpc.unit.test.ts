import { createRecordingLogger } from './retriever.fixture';
import { quietGrpc } from './quiet-grpc';

test('what grpc-js says is a line at debug; traces and values of headers are left out', () => {
  const logger = createRecordingLogger();
  const { error, info, debug } = quietGrpc(logger);
  error?.('No address added', 'out of 1');
  info?.('userinfo');
  debug?.('received headers {"authorization":["Bearer t-secret"]}');
  error?.('Failed to add metadata entry authorization: Bearer t-secrét. Metadata string value\n"Bearer t-secrét" ...');
  expect(logger.lines.map(({ line, fields }) => [line, fields['words']])).toEqual([
    ['debug grpc.said', 'No address added out of 1'],
    ['debug grpc.said', 'userinfo'],
    ['debug grpc.said', 'Failed to add metadata entry [hidden]'],
  ]);
});
