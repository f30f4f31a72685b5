import type { TestProcess } from '@gatehouse/testing';

const timeoutMs = 30_000;

/** Port of a retriever that answers: it has adopted a version. */
export async function servingPort(retriever: TestProcess): Promise<number> {
  const { port } = await retriever.waitForLine(({ msg }) => msg === 'retriever.listening', {
    what: 'its port',
    timeoutMs,
  });
  await retriever.waitForLine(({ msg }) => msg === 'version.adopted', { what: 'a version to serve', timeoutMs });
  return Number(port);
}
