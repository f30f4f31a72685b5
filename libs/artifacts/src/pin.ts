import type { ModelVersionId } from '@gatehouse/domain';

import type { ModelReader, ModelWriter } from './model-store';

/** Detail of the pointer `pinned` once the pin is taken back. */
const released = 'released';

/** Version that an operator wants to serve, whatever is newer; undefined: the newest. */
export async function pinnedVersion(models: Pick<ModelReader, 'pointer'>): Promise<ModelVersionId | undefined> {
  const pin = await models.pointer('pinned');
  return pin?.detail === released ? undefined : pin?.version;
}

/** Pins a version, until {@link releasePin}. @throws MissingVersionError. */
export async function pinVersion(operator: ModelWriter, version: ModelVersionId): Promise<void> {
  await operator.point('pinned', { version });
}

/** Takes a pin back. The pointer goes on naming the version: it has no other way to say that it names none. */
export async function releasePin(operator: ModelWriter, pinned: ModelVersionId): Promise<void> {
  await operator.point('pinned', { version: pinned, detail: released });
}
