import { isLoopbackHost } from './is-loopback-host';

test.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['127.8.0.1', true],
  ['::1', true],
  ['[::1]', true],
  ['0.0.0.0', false],
  ['10.0.0.7', false],
  ['127.0.0.1.example.com', false],
  ['localhost.example.com', false],
  ['', false],
])('%s is this host: %s', (host, expected) => {
  expect(isLoopbackHost(host)).toBe(expected);
});
