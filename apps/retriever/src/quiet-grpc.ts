import type { Logger } from '@gatehouse/runtime';

/**
 * What grpc-js says, at level debug. Not its traces, which show the headers of every call, and not the value of a header that it
 * cannot read: either may be somebody's token.
 */
export function quietGrpc(logger: Logger): Partial<Console> {
  const say = (...words: unknown[]): void => {
    const text = words.join(' ').replace(/^(Failed to add metadata entry ).*$/s, '$1[hidden]');
    logger.debug('grpc.said', { words: text });
  };
  return { error: say, info: say, debug: () => undefined };
}
