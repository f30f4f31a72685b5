import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

import { anchorsOf, linksOf, tableRowsOf } from './markdown';
import { findFiles, readRepositoryFile, root } from './workspace';

/** What is wrong with a link of a page, or undefined. */
function linkProblem(page: string, link: string): string | undefined {
  const [path, anchor] = link.split('#', 2).map(decodeURIComponent);
  const target = path === '' ? page : normalize(join(dirname(page), path));
  if (target.startsWith('..') || !existsSync(join(root, target))) return `${link}: expected a file, found none`;
  if (anchor === undefined) return undefined;
  if (statSync(join(root, target)).isDirectory()) return `${link}: expected a file for the anchor, found a folder`;
  const text = readRepositoryFile(target);
  const line = /^L(\d+)(?:-L(\d+))?$/.exec(anchor);
  if (line) {
    const last = Number(line[2] ?? line[1]);
    const count = text.split('\n').length;
    return last <= count ? undefined : `${link}: expected at most line ${count}`;
  }
  return anchorsOf(text).includes(anchor) ? undefined : `${link}: expected a heading, found none`;
}

const pages = findFiles((name) => name.endsWith('.md'));
const isExternal = (link: string): boolean => /^[a-z][a-z+.-]*:/i.test(link);

test('the pages are found', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/journey.md']));
});

test.each(pages)('every link of %s leads somewhere', (page) => {
  const links = linksOf(readRepositoryFile(page)).filter((link) => !isExternal(link));
  expect(links.map((link) => linkProblem(page, link)).filter((problem) => problem !== undefined)).toEqual([]);
});

test.each([
  ['none.md', 'none.md: expected a file, found none'],
  ['../../secret', '../../secret: expected a file, found none'],
  ['../README.md#no-such-heading', '../README.md#no-such-heading: expected a heading, found none'],
  ['../nx.json#L99999', '../nx.json#L99999: expected at most line '],
  ['../libs#x', '../libs#x: expected a file for the anchor, found a folder'],
])('a link to %s is a problem', (link, problem) => {
  expect(linkProblem('docs/journey.md', link)).toContain(problem);
});

describe('docs/journey.md', () => {
  const hops = tableRowsOf(readRepositoryFile('docs/journey.md')).filter(([hop]) => /^\d+$/.test(hop));
  const files = [
    'apps/trainer/src/main.ts',
    'apps/trainer/src/train.ts',
    'libs/events/src/decode-impression.ts',
    'libs/sampling/src/frequency-estimator.ts',
    'libs/towers/src/train-step.ts',
    'libs/artifacts/src/model-store.ts',
    'apps/embedder/src/refresh.ts',
    'libs/item-index/src/item-index.ts',
    'apps/retriever/src/retrieve.ts',
  ];

  it('names the nine hops in order', () => {
    expect(hops.map(([hop, link]) => [hop, ...linksOf(link)])).toEqual(
      files.map((file, i) => [String(i + 1), `../${file}`]),
    );
  });

  it.each(hops.map(([hop, link, symbol]) => [hop, link, symbol]))('hop %s: %s declares %s', (_, link, symbol) => {
    const [target] = linksOf(link);
    const [, name] = /^`(\w+)`$/.exec(symbol) ?? [];
    const declaration = new RegExp(`\\b(function\\*?|const|class|interface|type)\\s+${name}\\b`);
    expect(declaration.test(readRepositoryFile(join('docs', target)))).toBe(true);
  });
});

test('docs/architecture.md tells what every project is for', () => {
  const projects = findFiles((name) => name === 'project.json').map((file) => dirname(file));
  const rows = tableRowsOf(readRepositoryFile('docs/architecture.md')).map(([project]) => project);
  expect(rows.filter((row) => /^(apps|libs)\/|^tools$/.test(row)).sort()).toEqual(projects.sort());
});
