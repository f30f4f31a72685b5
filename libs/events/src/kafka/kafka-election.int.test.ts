import { type LogFields, systemClock } from '@gatehouse/runtime';

import { LeadershipLostError } from '../errors';
import { describeKafka, openCluster, quietLogger } from './cluster.fixture';
import { connectKafka, type KafkaConnection } from './connect-kafka';
import { createKafkaElection, type KafkaElection } from './kafka-election';

jest.setTimeout(60_000);

describeKafka('election on a broker', () => {
  const open: { close(): Promise<void> }[] = [];
  let connection: KafkaConnection;
  const member = ({ clientId = 'm', logger = quietLogger } = {}): KafkaElection => {
    const own = connectKafka({ ...connection.settings, clientId }, { environment: {} }, logger, systemClock);
    const election = createKafkaElection(own);
    open.unshift(election, own);
    return election;
  };
  beforeEach(async () => {
    connection = await openCluster(3);
    open.push(connection);
  });
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });
  const forever = new AbortController().signal;

  it('keeps the lead with who holds an epoch, and passes it on when that one leaves', async () => {
    const [first, second] = [member(), member()];
    const term = await first.elected(forever);
    term.holds(1);
    const waiting = second.elected(forever);
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (second.heardMs === undefined) return; // it has joined
        clearInterval(look);
        resolve();
      }, 20);
    });
    expect(term.lost.aborted).toBe(false);
    await first.close();
    const next = await waiting;
    expect(next.lost.aborted).toBe(false);
  });

  it('keeps the lead with who was chosen, whoever comes before it has taken its epoch', async () => {
    const term = await member({ clientId: 'b' }).elected(forever);
    // A member id begins with the client's, so that of this one is smaller.
    const partitions = new Promise((resolve) => {
      const info = (event: string, fields?: LogFields): void => {
        if (event === 'group.joined') resolve(fields?.['partitions']);
      };
      const waiting = member({ clientId: 'a', logger: { ...quietLogger, info } }).elected(forever);
      waiting.catch(() => undefined); // it is closed while it waits
    });
    expect(await partitions).toBe(0);
    expect(term.lost.aborted).toBe(false);
  });

  it('begins no term from an assignment whose term was forfeited', async () => {
    const first = member();
    const term = await first.elected(forever);
    term.holds(1);
    term.forfeit();
    expect(term.lost.reason).toBeInstanceOf(LeadershipLostError);
    const again = first.elected(forever);
    const turn = new Promise((resolve) => setImmediate(() => resolve('waits')));
    expect(await Promise.race([again.then(() => 'leads'), turn])).toBe('waits');
    expect((await again).lost.aborted).toBe(false); // it has left and come again, so the group has chosen
  });

  it('ends when told to stop while it waits', async () => {
    const [first, second] = [member(), member()];
    (await first.elected(forever)).holds(1);
    const stop = new AbortController();
    const waiting = second.elected(stop.signal);
    stop.abort(new Error('told to stop'));
    await expect(waiting).rejects.toThrow('told to stop');
  });
});
