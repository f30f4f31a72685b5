import { z } from 'zod';

import { ConfigError } from './config-error';
import { formatPath, type KeyPath } from './key-path';
import { parseYaml } from './parse-yaml';

/** Environment variables that override keys of a YAML file. */
export interface Environment {
  /** Every variable that begins with it must name a key, for example `GATEHOUSE_TRAINER_`. */
  readonly prefix: string;
  readonly values: Readonly<Record<string, string | undefined>>;
}

/** A key of the configuration that a variable can override. */
export interface OverridableKey {
  readonly path: KeyPath;
  /** Whether the variable's text is the value as it stands; otherwise it is read as YAML. */
  readonly isText: boolean;
}

/**
 * Variable -> key, for every key of a zod type that is not itself a mapping of fixed keys.
 * Names are the prefix and the path in capitals: `publish.everyEvents` is `<prefix>PUBLISH_EVERY_EVENTS`.
 *
 * @throws TypeError when two keys would have one variable: a mistake in the type.
 */
export function overridableKeys(type: z.ZodType, prefix: string): Map<string, OverridableKey> {
  const keys = new Map<string, OverridableKey>();
  const visit = (part: z.core.$ZodType, path: KeyPath): void => {
    const inner = unwrap(part);
    if (inner instanceof z.ZodObject) {
      const shape: z.core.$ZodShape = inner.shape;
      for (const [key, child] of Object.entries(shape)) visit(child, [...path, key]);
      return;
    }
    const name = prefix + path.map((key) => snakeCase(String(key))).join('_');
    const other = keys.get(name);
    if (other)
      throw new TypeError(`${name}: expected one key, found ${formatPath(other.path)} and ${formatPath(path)}`);
    keys.set(name, { path, isText: ['string', 'enum'].includes(inner._zod.def.type) });
  };
  visit(type, []);
  return keys;
}

/** The type inside of defaults, optional and read-only marks, and before transformations. */
function unwrap(type: z.core.$ZodType): z.core.$ZodType {
  let inner = type;
  for (;;) {
    if (inner instanceof z.ZodPipe) inner = inner.in;
    else if (
      inner instanceof z.ZodOptional ||
      inner instanceof z.ZodDefault ||
      inner instanceof z.ZodPrefault ||
      inner instanceof z.ZodNullable ||
      inner instanceof z.ZodReadonly
    ) {
      inner = inner.unwrap();
    } else return inner;
  }
}

function snakeCase(key: string): string {
  return key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

/**
 * Reads the text of a variable.
 *
 * @throws ConfigError when it has to be YAML and is not.
 */
export function readVariable(name: string, text: string, { isText }: OverridableKey): unknown {
  if (isText) return text;
  try {
    return parseYaml(text, name).value;
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const problems = cause.problems.map((problem) => ({ ...problem, place: `variable ${name}`, path: '' }));
    throw new ConfigError(name, problems, { cause });
  }
}
