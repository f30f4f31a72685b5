import { isLoopback } from './loopback';

test.each([
  ['127.0.0.1:50051', true],
  ['127.8.0.1:50051', true],
  ['localhost:50051', true],
  ['[::1]:50051', true],
  ['dns:///localhost:50051', true],
  ['dns:localhost:50051', true],
  ['dns://1.1.1.1/localhost:50051', true],
  ['ipv4:127.0.0.1:1,127.0.0.1:2', true],
  ['ipv6:[::1]:1', true],
  ['unix:/tmp/retriever.sock', true],
  ['10.0.0.7:50051', false],
  ['0.0.0.0:50051', false],
  ['localhost.example.com:50051', false],
  ['127.0.0.1.example.com:50051', false],
  ['dns:///retriever:50051', false],
  ['ipv4:127.0.0.1:1,10.0.0.7:2', false],
  ['xds:///127.0.0.1:1', false],
  ['', false],
])('%s stays on this machine: %s', (target, expected) => {
  expect(isLoopback(target)).toBe(expected);
});
