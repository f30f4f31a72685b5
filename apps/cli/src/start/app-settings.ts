import { join } from 'node:path';

import type { CliConfig } from '../config';
import type { AppName } from './start';

/** Environment of an app: the folders and addresses of the command line's own configuration. */
export function appEnvironment(name: AppName, config: CliConfig): Readonly<Record<string, string>> {
  const prefix = `GATEHOUSE_${name.toUpperCase()}_`;
  const log = {
    LOG_KIND: config.log.kind,
    LOG_FOLDER: config.log.folder,
    ...(config.log.kind === 'kafka' && variablesOf(config.kafka, 'KAFKA')),
  };
  const index = {
    INDEX_KIND: config.index.kind,
    INDEX_FOLDER: config.index.folder,
    ...(config.index.kind === 'qdrant' && variablesOf(config.qdrant, 'QDRANT')),
  };
  const settings: Readonly<Record<AppName, Readonly<Record<string, string>>>> = {
    trainer: { ...log, SCHEMA: config.schema, ARTIFACTS_FOLDER: config.artifacts.folder },
    embedder: {
      ...log,
      ARTIFACTS_FOLDER: config.artifacts.folder,
      ...index,
    },
    retriever: {
      ...log,
      ARTIFACTS_FOLDER: config.artifacts.folder,
      ...index,
      USER_STATE_FOLDER: config.userState.folder,
      HOST: config.retriever.host,
      PORT: String(config.retriever.port),
    },
  };
  return Object.fromEntries(Object.entries(settings[name]).map(([key, value]) => [prefix + key, value]));
}

/** Settings as variables: mappings by the names of their keys, everything else as YAML. */
function variablesOf(settings: object, prefix: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]: [string, unknown]) => {
      const name = `${prefix}_${key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()}`;
      if (value === null || value === undefined) return [];
      if (typeof value === 'object' && !Array.isArray(value)) return Object.entries(variablesOf(value, name));
      return [[name, typeof value === 'string' ? value : JSON.stringify(value)]];
    }),
  );
}

/** The built entry of an app below the project's folder. */
export function appEntry(root: string, name: AppName): string {
  return join(root, 'dist', 'apps', name, 'main.js');
}
