import type { z } from 'zod';

import { ConfigError, type ConfigProblem } from './config-error';
import { describeFound, describeIssue } from './describe-issue';
import { type Environment, overridableKeys, readVariable } from './environment';
import { formatPath, type KeyPath, valueAt } from './key-path';
import { parseYaml } from './parse-yaml';

/**
 * Reads YAML text as a value of a zod type, after environment variables have overridden keys.
 *
 * Give it strict objects, so that unknown keys are refused. A custom check says what it expects in `message`, and may say what
 * it found in `params.found`; otherwise that is the value at its path.
 *
 * @param file name of the text's file, for messages.
 * @throws ConfigError with every problem: where, which key, what is allowed and what was found.
 * @example
 * const type = z.strictObject({ log: z.strictObject({ level: z.enum(['info', 'debug']) }) });
 * readYaml('log:\n  level: loud\n', 'app.yaml', type);
 * // ConfigError: app.yaml:2:3: log.level: expected one of info, debug, found "loud"
 */
export function readYaml<T extends z.ZodType>(
  text: string,
  file: string,
  type: T,
  environment: Environment = { prefix: '', values: {} },
): z.output<T> {
  const document = parseYaml(text, file);
  const value = document.value ?? {}; // an empty file leaves every default
  const { problems, variables } = applyEnvironment(value, type, environment);
  const result = type.safeParse(value, { error: describeIssue });
  if (result.success && problems.length === 0) return result.data;

  const placeOf = (path: KeyPath): string => {
    for (let length = path.length; length > 0; length--) {
      const variable = variables.get(formatPath(path.slice(0, length)));
      if (variable !== undefined) return `variable ${variable}`;
    }
    return document.placeOf(path);
  };
  for (const issue of result.error?.issues ?? []) {
    const [paths, found] = findings(issue, value);
    for (const path of paths) {
      problems.push({ place: placeOf(path), path: formatPath(path), message: `${issue.message}, found ${found}` });
    }
  }
  throw new ConfigError(file, problems);
}

/** Where an issue stands, and what was found there. */
function findings(issue: z.core.$ZodIssue, root: unknown): [paths: KeyPath[], found: string] {
  if (issue.code === 'unrecognized_keys') return [issue.keys.map((key) => [...issue.path, key]), 'an unknown key'];
  const path = issue.path;
  if (issue.code === 'invalid_key') return [[path], JSON.stringify(path.at(-1))];
  const said: unknown = issue.code === 'custom' ? issue.params?.['found'] : undefined;
  return [[path], typeof said === 'string' ? said : describeFound(valueAt(root, path), path)];
}

interface Overrides {
  readonly problems: ConfigProblem[];
  /** Path -> the variable that gave its value. */
  readonly variables: ReadonlyMap<string, string>;
}

/** Writes the values of variables into `root`. */
function applyEnvironment(root: unknown, type: z.ZodType, { prefix, values }: Environment): Overrides {
  const problems: ConfigProblem[] = [];
  const variables = new Map<string, string>();
  const given = Object.entries(values).filter(([name]) => prefix !== '' && name.startsWith(prefix));
  if (given.length === 0) return { problems, variables };
  const keys = overridableKeys(type, prefix);
  for (const [name, text] of given) {
    const key = keys.get(name);
    if (text === undefined) continue;
    if (!key) {
      const message = `expected one of ${[...keys.keys()].join(', ')}, found an unknown name`;
      problems.push({ place: `variable ${name}`, path: '', message });
      continue;
    }
    try {
      if (setAt(root, key.path, readVariable(name, text, key))) variables.set(formatPath(key.path), name);
    } catch (cause) {
      if (!(cause instanceof ConfigError)) throw cause;
      problems.push(...cause.problems);
    }
  }
  return { problems, variables };
}

/** Sets a value, making missing mappings on the way. False where something else than a mapping stands in the way. */
function setAt(root: unknown, path: KeyPath, value: unknown): boolean {
  const parents = path.slice(0, -1);
  let object = root;
  for (const key of parents) {
    if (!isMapping(object)) return false;
    object = object[key] ??= {};
  }
  if (!isMapping(object)) return false;
  object[path[path.length - 1]] = value;
  return true;
}

function isMapping(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
