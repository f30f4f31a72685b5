import { SettingsError } from '@gatehouse/runtime';

import { qdrantSettings } from '../qdrant-settings';
import { connectQdrant } from './connect-qdrant';

const connect = (settings: object) =>
  connectQdrant(qdrantSettings.parse(settings), { environment: { KEY: 'k3y' }, readText: () => 'k3y\n' });

describe('connecting to Qdrant', () => {
  it.each(['http://127.0.0.1:6333', 'http://localhost:1', 'https://qdrant.example'])('goes to %s', (url) => {
    expect(() => connect({ url })).not.toThrow();
  });

  it.each(['http://qdrant.example:6333', 'http://10.0.0.7:6333', 'http://127.0.0.1.example'])(
    'refuses plain text to %s unless told that it is insecure',
    (url) => {
      expect(() => connect({ url })).toThrow('qdrant.url: expected https to');
      expect(() => connect({ url })).toThrow(SettingsError);
      expect(() => connect({ url, insecure: true })).not.toThrow();
    },
  );

  it('takes its key from a file or a variable, and never writes of it on the console', () => {
    const warn = jest.spyOn(console, 'warn');
    connect({ apiKeyFile: 'secret' });
    connect({ apiKeyVariable: 'KEY' });
    expect(warn).not.toHaveBeenCalled();
    expect(() => connect({ apiKeyVariable: 'UNSET' })).toThrow('qdrant.apiKeyVariable: expected a secret');
    expect(() => connect({ apiKeyFile: 'secret', apiKeyVariable: 'KEY' })).toThrow('qdrant.apiKey: expected either');
  });

  it('has no setting for a key itself, and none for a wild prefix', () => {
    expect(qdrantSettings.safeParse({ apiKey: 'k3y' }).success).toBe(false);
    expect(qdrantSettings.safeParse({ collectionPrefix: '../x' }).success).toBe(false);
    expect(qdrantSettings.safeParse({ url: 'ftp://127.0.0.1' }).success).toBe(false);
  });
});
