import { readFileSync } from 'node:fs';

import { SettingsError } from './settings-error';

/** Where secrets come from. */
export interface SecretSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @default reads the file system */
  readonly readText?: (file: string) => string;
}

/** Where one secret stands: in a file, or in a variable of the environment. */
export interface SecretPlace {
  readonly file?: string | undefined;
  readonly variable?: string | undefined;
}

/**
 * Reads a text that a configuration names. @throws SettingsError when the file cannot be read.
 *
 * @param key of the configuration, for the message.
 */
export function readSettingFile(key: string, file: string, { readText = readUtf8 }: SecretSources): string {
  try {
    return readText(file);
  } catch (cause) {
    throw new SettingsError(key, `expected a file that can be read, found ${file}`, { cause });
  }
}

/**
 * Reads a secret, without the line break at the end of its file.
 *
 * @param key of the configuration: `<key>File` and `<key>Variable` say where the secret stands.
 * @throws SettingsError unless exactly one place is named and has a secret. Messages never quote it.
 * @example readSecret('kafka.sasl.password', { file: '/run/secrets/kafka' }, { environment: process.env });
 */
export function readSecret(key: string, { file, variable }: SecretPlace, sources: SecretSources): string {
  if ((file === undefined) === (variable === undefined))
    throw new SettingsError(key, `expected either ${last(key)}File or ${last(key)}Variable`);
  const [place, secret] =
    file !== undefined
      ? [`${key}File`, readSettingFile(`${key}File`, file, sources).replace(/\r?\n$/, '')]
      : [`${key}Variable`, sources.environment[variable as string] ?? ''];
  if (secret === '') throw new SettingsError(place, 'expected a secret, found nothing');
  return secret;
}

function last(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}

function readUtf8(file: string): string {
  return readFileSync(file, 'utf8');
}
