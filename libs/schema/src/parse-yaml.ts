import { isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument } from 'yaml';

import { ConfigError, type ConfigProblem } from './config-error';
import { formatPath, type KeyPath } from './key-path';

/** Largest YAML text in bytes: configuration is short, and the parser's work must stay bounded. */
const maxBytes = 1024 * 1024;
/** Deepest nesting: far beyond any configuration, far before the stack ends. */
const maxDepth = 32;
/** Syntax problems that are told: most of them follow from the first. */
const maxSyntaxProblems = 5;

/** A parsed YAML text that knows where its keys are. */
export interface YamlDocument {
  /** Plain data; null for an empty document. */
  readonly value: unknown;
  /** `file:line:column` of the key at a path, or of the nearest key above it. */
  placeOf(path: KeyPath): string;
}

/**
 * Parses YAML 1.2 to plain data.
 *
 * Refuses aliases (few bytes can stand for gigabytes), duplicate keys, unknown tags, several documents, and texts that are too
 * large or nested too deeply.
 *
 * @throws ConfigError naming line and column of every such place.
 * @example parseYaml('log:\n  level: info\n', 'app.yaml').placeOf(['log', 'level']); // 'app.yaml:2:3'
 */
export function parseYaml(text: string, file: string): YamlDocument {
  const lines = new LineCounter();
  const problems: Problem[] = [];
  const offsets = new Map<string, number>(); // by path as JSON

  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes)
    throw problemsOf([{ offset: 0, message: `expected at most ${maxBytes} bytes, found ${bytes}` }]);
  const value = toValue(parse(), []);
  if (problems.length > 0) throw problemsOf(problems);
  return {
    value,
    placeOf: (path) => {
      let known = path;
      while (known.length > 0 && !offsets.has(JSON.stringify(known))) known = known.slice(0, -1);
      return placeAt(offsets.get(JSON.stringify(known)) ?? 0);
    },
  };

  function parse(): ParsedNode | null {
    // The library compares each key with all others of its mapping, which takes minutes on 1 MiB: toValue finds duplicates.
    const options = { lineCounter: lines, prettyErrors: false, stringKeys: true, uniqueKeys: false } as const;
    const document = parseDocument(text, options);
    for (const { pos, message } of [...document.errors, ...document.warnings].slice(0, maxSyntaxProblems)) {
      problems.push({ offset: pos[0], message: `expected valid YAML, found: ${message}` });
    }
    return problems.length > 0 ? null : document.contents;
  }

  function toValue(node: ParsedNode | null, path: KeyPath): unknown {
    if (node === null) return null;
    if (isScalar(node)) return node.value;
    if (isAlias(node)) {
      refuse(node, path, `expected a value, found the alias *${node.source}: write the value out`);
      return undefined;
    }
    if (path.length >= maxDepth) {
      refuse(node, path, `expected at most ${maxDepth} levels of nesting`);
      return undefined;
    }
    if (isSeq(node)) {
      return node.items.map((item, i) => {
        offsets.set(JSON.stringify([...path, i]), item.range[0]);
        return toValue(item, [...path, i]);
      });
    }
    return isMap(node) ? toObject(node.items, path) : null;
  }

  function toObject(
    pairs: readonly { readonly key: ParsedNode; readonly value: ParsedNode | null }[],
    path: KeyPath,
  ): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    for (const { key, value } of pairs) {
      const name = isScalar(key) ? String(key.value) : '';
      const keyPath = [...path, name];
      if (!isScalar(key)) refuse(key, path, 'expected a plain key');
      else if (name === '__proto__') refuse(key, keyPath, 'expected another key');
      else if (Object.hasOwn(object, name)) refuse(key, keyPath, 'expected each key once, found a duplicate');
      else {
        offsets.set(JSON.stringify(keyPath), key.range[0]);
        object[name] = toValue(value, keyPath);
      }
    }
    return object;
  }

  function refuse(node: ParsedNode, path: KeyPath, message: string): void {
    problems.push({ offset: node.range[0], path, message });
  }

  function placeAt(offset: number): string {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  }

  function problemsOf(found: readonly Problem[]): ConfigError {
    return new ConfigError(
      file,
      found.map(({ offset, path = [], message }): ConfigProblem => ({
        place: placeAt(offset),
        path: formatPath(path),
        message,
      })),
    );
  }
}

interface Problem {
  readonly offset: number;
  readonly path?: KeyPath;
  readonly message: string;
}
