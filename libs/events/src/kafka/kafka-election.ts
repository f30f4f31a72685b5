import { LeadershipLostError } from '../errors';
import type { Election, ImpressionSource, Term } from '../ports';
import { impressionsTopic } from '../topics';
import type { KafkaConnection } from './connect-kafka';
import { createKafkaImpressionSource, decodeRecord } from './kafka-impression-source';
import { createOneLeaderAssigner } from './one-leader-assigner';
import { createReadableConsumer, readThrough } from './readable-consumer';

/** An election that has a connection to keep up. */
export interface KafkaElection extends Election {
  /** When the broker last answered; undefined before this process takes part. */
  readonly heardMs: number | undefined;
  close(): Promise<void>;
}

/**
 * Chooses the leader by a consumer group: all trainers join it, and its assigner gives every partition to one. The broker notices when
 * that one falls silent, and the group chooses again. The leader reads through its membership, so it is fenced off from the broker as well.
 */
export function createKafkaElection(connection: KafkaConnection): KafkaElection {
  const { settings, logger } = connection;
  let epoch = 0;
  const readable = createReadableConsumer(
    connection,
    impressionsTopic,
    settings.groupId,
    createOneLeaderAssigner(() => ({ heldEpoch: epoch, isChosen: consumer.partitions.length > 0 })),
  );
  const { consumer } = readable;
  readable.listen(
    () => logger.info('group.joined', { groupId: settings.groupId, partitions: consumer.partitions.length }),
    (error) => logger.error('group.left', { groupId: settings.groupId, reason: error.message }),
  );
  /** Assignments so far, and the one from which no term may begin any more. */
  let [joins, spent] = [0, 0];
  readable.listen(
    () => joins++,
    () => undefined,
  );
  let started: Promise<void> | undefined;
  let isStarted = false;

  const start = (): Promise<void> => {
    started ??= (async () => {
      await connection.bounds(impressionsTopic); // a topic that is missing is said at once
      await consumer.start();
      isStarted = true;
    })();
    started.catch(() => (started = undefined));
    return started;
  };

  /** Resolves once this member holds the partitions. */
  const chosen = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const settle = (done: () => void): void => {
        stop();
        signal.removeEventListener('abort', aborted);
        done();
      };
      const aborted = (): void => settle(() => reject(signal.reason as Error));
      const look = (): void => {
        if (consumer.partitions.length > 0 && joins > spent) settle(resolve);
      };
      const stop = readable.listen(look, (error) => settle(() => reject(error)));
      signal.addEventListener('abort', aborted);
      if (signal.aborted) aborted();
      else look();
    });

  const source: ImpressionSource = {
    ...createKafkaImpressionSource(connection),
    read: (from, signal) =>
      readThrough(
        connection,
        readable,
        impressionsTopic,
        { start: from[impressionsTopic] ?? {}, decode: decodeRecord, hasGaps: false },
        signal,
      ),
  };

  const beginTerm = (): Term => {
    const lost = new AbortController();
    const lose = (): void => {
      if (lost.signal.aborted) return;
      stop();
      epoch = 0;
      spent = joins;
      lost.abort(new LeadershipLostError());
    };
    const stop = readable.listen(() => {
      if (consumer.partitions.length === 0) lose();
    }, lose);
    return {
      isElected: true,
      lost: lost.signal,
      source,
      holds: (held) => {
        epoch = held;
      },
      forfeit: () => {
        lose();
        // A group in which nobody comes or goes would not choose again, and this member holds the partitions.
        consumer.rejoin().catch((error: unknown) => logger.error('group.not-rejoined', { reason: String(error) }));
      },
      saved: (offsets) => {
        consumer.commit(offsets[impressionsTopic] ?? {}).catch((error: unknown) => {
          logger.debug('offsets.uncopied', { reason: String(error) });
        });
      },
    };
  };

  return {
    get heardMs() {
      return isStarted ? consumer.heardMs : undefined;
    },
    elected: async (signal) => {
      signal.throwIfAborted();
      await start();
      await chosen(signal);
      return beginTerm();
    },
    close: async () => {
      await started?.catch(() => undefined);
      if (isStarted) await consumer.stop();
    },
  };
}
