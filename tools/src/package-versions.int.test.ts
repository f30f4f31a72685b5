import { findFiles, readRepositoryFile } from './workspace';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Dependencies of a manifest that name more than one version. */
function unpinned(manifest: Manifest): string[] {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest;
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name} ${version}`);
}

test.each(findFiles((name) => name === 'package.json'))('%s pins exact versions', (file) => {
  expect(unpinned(JSON.parse(readRepositoryFile(file)) as Manifest)).toEqual([]);
});

test('anything but one version is found', () => {
  const dependencies = { a: '1.2.3', b: '^1.2.3', c: '~1.2.3', d: '1.x', e: '*', f: 'latest', g: '1.2.3 || 2.0.0' };
  expect(
    unpinned({ dependencies, devDependencies: { h: '>=1.0.0', i: '1.0.0-beta.1' }, peerDependencies: { j: '^2.0.0' } }),
  ).toEqual(['b ^1.2.3', 'c ~1.2.3', 'd 1.x', 'e *', 'f latest', 'g 1.2.3 || 2.0.0', 'h >=1.0.0', 'j ^2.0.0']);
});
