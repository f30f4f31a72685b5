import { join } from 'node:path';

import type { CliConfig } from '../config';
import type { AppName } from './start';

/** Environment of an app: the folders and addresses of the command line's own configuration. */
export function appEnvironment(name: AppName, config: CliConfig): Readonly<Record<string, string>> {
  const prefix = `GATEHOUSE_${name.toUpperCase()}_`;
  const settings: Readonly<Record<AppName, Readonly<Record<string, string>>>> = {
    trainer: { SCHEMA: config.schema, LOG_FOLDER: config.log.folder, ARTIFACTS_FOLDER: config.artifacts.folder },
    embedder: {
      LOG_FOLDER: config.log.folder,
      ARTIFACTS_FOLDER: config.artifacts.folder,
      INDEX_FOLDER: config.index.folder,
    },
    retriever: {
      LOG_FOLDER: config.log.folder,
      ARTIFACTS_FOLDER: config.artifacts.folder,
      INDEX_FOLDER: config.index.folder,
      USER_STATE_FOLDER: config.userState.folder,
      HOST: config.retriever.host,
      PORT: String(config.retriever.port),
    },
  };
  return Object.fromEntries(Object.entries(settings[name]).map(([key, value]) => [prefix + key, value]));
}

/** The built entry of an app below the project's folder. */
export function appEntry(root: string, name: AppName): string {
  return join(root, 'dist', 'apps', name, 'main.js');
}
