import { type Clock, type Delay, type Logger, SettingsError } from '@gatehouse/runtime';

import { checkTls, readTlsTexts, type TlsFiles } from './read-tls';
import type { TlsSettings } from './transport-settings';

/** Collaborators of {@link followTls}. */
export interface TlsFollowing {
  readonly settings: TlsSettings;
  /** What serves now. */
  readonly current: TlsFiles;
  /** Lets new connections use other files. */
  readonly use: (files: TlsFiles) => void;
  readonly clock: Clock;
  readonly delay: Delay;
  readonly logger: Logger;
}

/**
 * Looks at the files until the signal aborts, and puts changed ones to use when they are good. Connections that are open go on as they
 * are. Contents are compared and not times, because certificates often come in by a link that moves. Files that cannot be used, such as
 * a certificate whose key is not written yet, change nothing and are told once.
 */
export async function followTls(following: TlsFollowing, signal: AbortSignal): Promise<void> {
  const { settings, use, clock, delay, logger } = following;
  let seen = JSON.stringify(following.current.texts);
  let told = '';
  while (!signal.aborted) {
    await delay(settings.reloadMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    const look = lookAt(settings);
    if (look.seen === seen) continue;
    try {
      const files = checkTls(settings, look.texts(), clock);
      use(files);
      [seen, told] = [look.seen, ''];
      logger.info('tls.reloaded', { validTo: new Date(files.validToMs).toISOString() });
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      if (told === look.seen) continue; // they may become good by themselves, as one that is not valid yet
      told = look.seen;
      logger.error('tls.not-reloaded', { error });
    }
  }
}

/** The texts, or why there are none; `seen` tells one look from another. */
function lookAt(settings: TlsSettings): { readonly seen: string; readonly texts: () => readonly string[] } {
  try {
    const texts = readTlsTexts(settings);
    return { seen: JSON.stringify(texts), texts: () => texts };
  } catch (error) {
    return {
      seen: String(error),
      texts: () => {
        throw error;
      },
    };
  }
}
