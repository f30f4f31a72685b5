// Lints texts as if they stood in files of the repository. Standard input: JSON `[{ file, text }]`; standard output: JSON, for each
// text the rules that object. A process of its own, because ESLint loads its configuration as a module, which Jest does not allow.
import { ESLint } from 'eslint';
import { json } from 'node:stream/consumers';

const rules = ['@nx/enforce-module-boundaries', 'no-restricted-imports'];
const eslint = new ESLint({
  ruleFilter: ({ ruleId }) => rules.includes(ruleId),
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } }, // these rules need no types
});
const objections = [];
for (const { file, text } of await json(process.stdin)) {
  const [{ messages }] = await eslint.lintText(text, { filePath: file });
  const fatal = messages.find((message) => message.fatal);
  if (fatal) throw new Error(`${file}: ${fatal.message}`);
  objections.push(rules.filter((rule) => messages.some(({ ruleId }) => ruleId === rule)));
}
process.stdout.write(JSON.stringify(objections));
