import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const moduleFolder = resolve(__dirname, '..');
const buf = resolve(moduleFolder, '../../node_modules/.bin/buf');
const file = 'gatehouse/v1/candidate_service.proto';

/** Compares the files of a module with the baseline. @returns its exit code, 0 or 100, and what breaks. */
function compare(folder: string): { readonly code: number | null; readonly found: string } {
  const args = ['breaking', '--against', join(moduleFolder, 'baseline.binpb')];
  const { status, stdout, stderr } = spawnSync(buf, args, { cwd: folder, encoding: 'utf8' });
  return { code: status, found: stdout + stderr };
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'proto-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The module with one text of the service's file in the place of another. */
function edited(from: string | RegExp, to: string): string {
  cpSync(join(moduleFolder, 'buf.yaml'), join(folder, 'buf.yaml'));
  cpSync(join(moduleFolder, 'gatehouse'), join(folder, 'gatehouse'), { recursive: true });
  const before = readFileSync(join(folder, file), 'utf8');
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  writeFileSync(join(folder, file), after);
  return folder;
}

test('clients of the baseline understand what the files say now', () => {
  expect(compare(moduleFolder)).toEqual({ code: 0, found: '' });
});

test('the baseline holds all that the files say, so that what is new cannot be taken back unseen', () => {
  const built = join(folder, 'built.binpb');
  const { status } = spawnSync(buf, ['build', '--exclude-source-info', '-o', built], { cwd: moduleFolder });
  expect(status).toBe(0);
  expect(readFileSync(built).equals(readFileSync(join(moduleFolder, 'baseline.binpb')))).toBe(true);
});

test.each<[string, string | RegExp, string, string]>([
  [
    'a field is gone',
    '  bool exclude_seen = 8;',
    '',
    'field "8" with name "exclude_seen" on message "RetrieveRequest"',
  ],
  [
    'a field is gone and its number reserved',
    '  bool exclude_seen = 8;',
    '  reserved 8;',
    'field "8" with name "exclude_seen" on message "RetrieveRequest"',
  ],
  ['a number is another', 'bool degraded = 5;', 'bool degraded = 15;', 'field "5" with name "degraded"'],
  ['a type is another', 'uint32 limit = 5;', 'string limit = 5;', 'changed type from "uint32" to "string"'],
  ['a name is another', 'uint32 limit = 5;', 'uint32 count = 5;', 'changed name from "limit" to "count"'],
  ['one became many', 'string item_id = 1;', 'repeated string item_id = 1;', 'changed cardinality'],
  [
    'a field left its oneof',
    /Filter not = 3;\n/,
    '}\n  Filter not = 3;\n  oneof more {\n',
    'moved from inside to outside a oneof',
  ],
  ['a method is gone', /rpc SimilarItems.*\n/, '', 'RPC "SimilarItems" on service "CandidateService"'],
  [
    'a method answers with something else',
    'returns (BatchRetrieveResponse)',
    'returns (RetrieveResponse)',
    'changed response type',
  ],
  ['a message is another', /StringList/g, 'TextList', 'message "StringList"'],
])('it breaks clients when %s', (_, from, to, says) => {
  const { code, found } = compare(edited(from, to));
  expect(found).toContain(says);
  expect(code).toBe(100);
});

test.each<[string, string, string]>([
  ['a field', 'bool exclude_seen = 8;', 'bool exclude_seen = 8;\n  string tenant = 99;'],
  [
    'a method',
    'service CandidateService {',
    'service CandidateService {\n  rpc Again(RetrieveRequest) returns (RetrieveResponse);',
  ],
  ['a comment', '// One plain value.', '// A plain value.'],
])('%s more breaks nobody', (_, from, to) => {
  expect(compare(edited(from, to))).toEqual({ code: 0, found: '' });
});
