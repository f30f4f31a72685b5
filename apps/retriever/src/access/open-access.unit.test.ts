import { accessSettings } from './access-settings';
import { requireAccess } from './open-access';

const access = accessSettings.parse({ tokens: { file: 'x' } });

test.each([
  [{ host: '0.0.0.0', insecure: false, access: null }],
  [{ host: '10.0.0.7', insecure: false, access: null }],
  [{ host: 'retriever', insecure: false, access: null }],
  [{ host: '::', insecure: false, access: null }],
])('%j is refused', (listening) => {
  expect(() => requireAccess(listening)).toThrow(
    `access: expected settings, because host ${listening.host} is not loopback, found null`,
  );
});

test.each([
  [{ host: '127.0.0.1', insecure: false, access: null }],
  [{ host: '::1', insecure: false, access: null }],
  [{ host: 'unix:/run/gatehouse.sock', insecure: false, access: null }],
  [{ host: '0.0.0.0', insecure: true, access: null }],
  [{ host: '0.0.0.0', insecure: false, access }],
])('%j is not', (listening) => {
  expect(() => requireAccess(listening)).not.toThrow();
});
