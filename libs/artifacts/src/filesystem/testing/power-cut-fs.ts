import { dirname } from 'node:path';

import type { StoreFile, StoreFs } from '../store-fs';

/** A file system in memory that remembers what would survive a power cut. */
export interface PowerCutFs extends StoreFs {
  /**
   * What a machine finds after a power cut at this moment: of every file and folder a state between its last sync and now.
   *
   * @param random chooses that state, uniform in [0, 1); always 0 keeps only what was synced
   */
  powerCut(random: () => number): PowerCutFs;
  /** Names of all files and folders, as paths. */
  paths(): string[];
}

/** Every state since the last sync, the synced one first. */
interface FileNode {
  readonly kind: 'file';
  states: Buffer[];
}
interface FolderNode {
  readonly kind: 'folder';
  states: ReadonlyMap<string, Node>[];
}
type Node = FileNode | FolderNode;

/** Creates an empty {@link PowerCutFs}. */
export function createPowerCutFs(freeBytes = Number.MAX_SAFE_INTEGER): PowerCutFs {
  return over({ kind: 'folder', states: [new Map()] }, freeBytes);
}

function over(root: FolderNode, freeBytes: number): PowerCutFs {
  const find = (path: string): Node | undefined => {
    let node: Node | undefined = root;
    for (const name of path.split('/').filter(Boolean))
      node = node?.kind === 'folder' ? now(node).get(name) : undefined;
    return node;
  };
  const folderAt = (path: string): FolderNode => {
    const node = find(path);
    if (node?.kind !== 'folder') throw systemError('ENOENT', path);
    return node;
  };
  const change = (path: string, edit: (names: Map<string, Node>) => void): void => {
    const folder = folderAt(path);
    const names = new Map(now(folder));
    edit(names);
    folder.states.push(names);
  };
  const makeFolder = (path: string): void => {
    if (find(path)) return;
    makeFolder(dirname(path));
    change(dirname(path), (names) => names.set(baseOf(path), { kind: 'folder', states: [new Map()] }));
  };
  return {
    create: async (path) => {
      if (find(path)) throw systemError('EEXIST', path);
      const node: FileNode = { kind: 'file', states: [Buffer.alloc(0)] };
      change(dirname(path), (names) => names.set(baseOf(path), node));
      return openFile(node);
    },
    open: async (path) => {
      const node = find(path);
      if (node?.kind !== 'file') throw systemError('ENOENT', path);
      return openFile(node);
    },
    makeFolder: async (path) => makeFolder(path),
    syncFolder: async (path) => settle(folderAt(path)),
    names: async (path) => (find(path) ? [...now(folderAt(path)).keys()] : []),
    kind: async (path) => find(path)?.kind,
    rename: async (from, to) => {
      const [node, target] = [find(from), find(to)];
      if (!node) throw systemError('ENOENT', from);
      if (target?.kind === 'folder' && now(target).size > 0) throw systemError('ENOTEMPTY', to);
      if (dirname(from) !== dirname(to)) throw systemError('EXDEV', to); // the store never does
      change(dirname(from), (names) => {
        names.delete(baseOf(from));
        names.set(baseOf(to), node);
      });
    },
    remove: async (path) => {
      if (find(path)) change(dirname(path), (names) => names.delete(baseOf(path)));
    },
    freeBytes: async () => freeBytes,
    powerCut: (random) => over(survivor(root, random), freeBytes),
    paths: () => pathsUnder(root, ''),
  };
}

function openFile(node: FileNode): StoreFile {
  let position = 0;
  return {
    read: async (into) => {
      const read = now(node).copy(into, 0, position);
      position += read;
      return read;
    },
    write: async (from) => {
      const taken = Math.max(1, from.length >> 1); // fewer than given, as the system may
      node.states.push(Buffer.concat([now(node), from.subarray(0, taken)]));
      return taken;
    },
    size: async () => now(node).length,
    sync: async () => settle(node),
    close: async () => undefined,
  };
}

function now(node: FileNode): Buffer;
function now(node: FolderNode): ReadonlyMap<string, Node>;
function now(node: Node): Buffer | ReadonlyMap<string, Node> {
  return node.states[node.states.length - 1];
}

function settle(node: Node): void {
  node.states.splice(0, node.states.length - 1);
}

function survivor(node: FolderNode, random: () => number): FolderNode;
function survivor(node: Node, random: () => number): Node;
function survivor(node: Node, random: () => number): Node {
  const chosen = Math.floor(random() * node.states.length);
  if (node.kind === 'file') return { kind: 'file', states: [node.states[chosen]] };
  const names = [...node.states[chosen]].map(([name, child]) => [name, survivor(child, random)] as const);
  return { kind: 'folder', states: [new Map(names)] };
}

function pathsUnder(folder: FolderNode, at: string): string[] {
  return [...now(folder)].flatMap(([name, node]) => [
    `${at}/${name}`,
    ...(node.kind === 'folder' ? pathsUnder(node, `${at}/${name}`) : []),
  ]);
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path, syscall: 'simulated' });
}
