import { createManualClock } from '@gatehouse/runtime';

import type { LogLine } from './app-process';
import { createMonitor } from './monitor';

const learned = (applied: number): LogLine => ({
  msg: 'impressions.learned',
  applied,
  evaluated: applied / 2,
  hits: applied / 10,
  popularityHits: applied / 20,
  loss: 3,
});
const published = (id: string, events: number): LogLine => ({
  msg: 'model.published',
  modelVersion: id,
  events,
  loss: 2,
});
const indexed = (id: string): LogLine => ({ msg: 'index.servable', modelVersion: id, indexSize: 9 });
const adopted = (id: string): LogLine => ({ msg: 'version.adopted', modelVersion: id });
const refused = (id: string): LogLine => ({ msg: 'version.refused', modelVersion: id, reason: 'recall too low' });

/** A monitor that has read lines, and what it told. */
function follow(...lines: readonly LogLine[]) {
  const clock = createManualClock();
  const told: string[] = [];
  const monitor = createMonitor(() => clock.monotonicMs(), {
    onVersion: ({ id }) => told.push(`serves ${id}`),
    onRefused: (id, reason) => told.push(`refused ${id}: ${reason}`),
    onLearned: ({ applied }, loss) => told.push(`learned ${applied}, loss ${loss}`),
  });
  for (const line of lines) {
    clock.advance(500);
    monitor.onLine(line);
  }
  return { monitor, told };
}

const milestones = [published('1-1', 100), indexed('1-1'), adopted('1-1')];

describe('versions', () => {
  it.each([
    [[0, 1, 2], 1],
    [[0, 2, 1], 0.5],
    [[1, 0, 2], 0.5],
    [[1, 2, 0], 0],
    [[2, 0, 1], 0],
    [[2, 1, 0], 0],
  ])('are reported once, when the milestones %j are read', (order, seconds) => {
    const { monitor, told } = follow(...order.map((i) => milestones[i]), ...milestones);
    expect(told).toEqual(['serves 1-1']);
    expect(monitor.versions).toEqual([
      { id: '1-1', events: 100, loss: 2, recallAt10: null, popularityRecallAt10: null, indexSize: 9, seconds },
    ]);
  });

  it('are left out when a newer one overtook them, or when they are of an earlier run', () => {
    const { monitor } = follow(
      indexed('1-1'),
      adopted('1-1'),
      published('2-1', 100),
      indexed('2-1'),
      published('2-2', 200),
      indexed('2-2'),
      adopted('2-2'),
    );
    expect(monitor.versions.map(({ id }) => id)).toEqual(['2-2']);
  });

  it('serve from the line of the retriever on', () => {
    expect(follow(published('1-1', 100), indexed('1-1')).monitor.serving).toBeUndefined();
    expect(follow(adopted('1-1'), adopted('1-2')).monitor.serving).toBe('1-2');
  });

  it('that are refused are told once', () => {
    expect(follow(published('1-1', 100), refused('1-1'), refused('1-1')).told).toEqual(['refused 1-1: recall too low']);
  });
});

describe('isDone', () => {
  // 250 events in batches of 100 fill two: 200.
  it.each<[string, boolean, LogLine[]]>([
    ['nothing happened', false, []],
    ['the last batch is missing', false, [learned(100), published('1-1', 100), indexed('1-1'), adopted('1-1')]],
    ['the last batch is not published', false, [learned(100), ...milestones, learned(200)]],
    ['the last version does not serve', false, [learned(200), published('1-1', 200), indexed('1-1')]],
    ['the last version serves', true, [learned(200), published('1-1', 200), indexed('1-1'), adopted('1-1')]],
    ['lines overtook each other', true, [adopted('1-1'), indexed('1-1'), published('1-1', 200), learned(200)]],
    ['the last version was refused', true, [learned(200), published('1-1', 200), refused('1-1')]],
    [
      'an older version was refused',
      false,
      [published('1-1', 100), refused('1-1'), learned(200), published('1-2', 200)],
    ],
    ['an earlier run learned all', true, [{ msg: 'checkpoint.resumed', applied: 200 }]],
    ['an earlier run learned a part', false, [{ msg: 'checkpoint.resumed', applied: 100 }]],
    ['this run learned the rest', false, [{ msg: 'checkpoint.resumed', applied: 100 }, learned(200)]],
    ['the log dropped old events', true, [{ msg: 'checkpoint.resumed', applied: 900 }]],
  ])('when %s: %s', (_, done, lines) => {
    expect(follow(...lines).monitor.isDone(250, 100)).toBe(done);
  });
});

describe('sumsAt', () => {
  it('are those after the first batch that reached the number, or the newest', () => {
    const { monitor } = follow(learned(100), learned(200), learned(300));
    expect([0, 100, 101, 300, 301, Infinity].map((applied) => monitor.sumsAt(applied)?.applied)).toEqual([
      100, 100, 200, 300, 300, 300,
    ]);
    expect(monitor.sumsAt(200)).toEqual({ applied: 200, evaluated: 100, hits: 20, popularityHits: 10 });
  });

  it('are unknown before the first batch, and of what an earlier run learned', () => {
    expect(follow().monitor.sumsAt(0)).toBeUndefined();
    const { monitor } = follow({ msg: 'checkpoint.resumed', applied: 200 }, learned(300));
    expect(monitor.sumsAt(199)).toBeUndefined();
    expect(monitor.sumsAt(200)?.applied).toBe(300);
  });
});

it('passes over lines that it does not know', () => {
  const { monitor, told } = follow({ msg: 'trainer.starting' }, { msg: 'constructor', modelVersion: '1-1' });
  expect(told).toEqual([]);
  expect(monitor.versions).toEqual([]);
});
