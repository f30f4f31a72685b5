import { isLoopbackHost, readSecret, type SecretSources, SettingsError } from '@gatehouse/runtime';
import { QdrantClient } from '@qdrant/js-client-rest';

import type { QdrantSettings } from '../qdrant-settings';

/**
 * A client of the server that the settings name. Nothing is sent yet.
 *
 * @throws SettingsError when the key or data would cross a network in plain text without `insecure`, or the key is not where it should be.
 */
export function connectQdrant(settings: QdrantSettings, secrets: SecretSources): QdrantClient {
  const { apiKeyFile: file, apiKeyVariable: variable, insecure, timeoutMs } = settings;
  const url = new URL(settings.url);
  if (url.protocol === 'http:' && !insecure && !isLoopbackHost(url.hostname))
    throw new SettingsError('qdrant.url', `expected https to ${url.hostname}, found http; or set insecure: true`);
  const hasKey = file !== undefined || variable !== undefined;
  return new QdrantClient({
    url: url.origin,
    ...(url.port === '' && { port: url.protocol === 'https:' ? 443 : 80 }), // or the client takes 6333
    ...(url.pathname !== '/' && { prefix: url.pathname.replace(/\/$/, '') }),
    // As a header, since the client writes on the console about a key that it is given otherwise.
    ...(hasKey && { headers: { 'api-key': readSecret('qdrant.apiKey', { file, variable }, secrets) } }),
    timeout: timeoutMs,
    checkCompatibility: false, // it would write on the console; what does not fit fails by itself
  });
}
