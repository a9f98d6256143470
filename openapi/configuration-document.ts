/** docs/configuration.md, from the schemas that `defineCounters` checks with. */
import { type ConversionConfig, type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { counterSchemas, settingsSchema } from '../functions/counters/define-counters.ts';
import { limits } from '../functions/rules/limits.ts';
import { counterNameRule } from '../functions/rules/names.ts';
import { fieldComments } from './field-comments.ts';
import { markdownTable } from './markdown-table.ts';

const kindsInWords: Readonly<Record<keyof typeof counterSchemas, string>> = {
  count: 'A number that goes up and down: views, a stock, a score.',
  ticket: 'Numbers without gaps that begin again every business day: orders, a queue.',
  reaction: 'One choice of each member: likes, votes.',
  presence: 'How many are here now.',
  unique: 'How many different members there were, as an estimate.',
  limit: 'How much may be taken in a time: calls, mails.',
};

const introduction = `# Configuration

<!-- Made by npm run generate from functions/counters/define-counters.ts. -->

Which counters a deployment has, and what holds for all of them, is in \`tally.config.ts\`:

\`\`\`ts
export const tally = defineCounters(
  {
    views: { kind: 'count', access: { read: 'public', write: 'public' } },
    stock: { kind: 'count', bounds: { min: 0 }, access: { read: 'key', write: 'key' } },
  },
  { timeZone: 'Europe/Berlin' },
);
\`\`\`

A name is ${counterNameRule}. A field without a default must be there. Unknown fields are refused. A
configuration that is wrong ends \`npm start\` and \`npx cdk deploy\` before anything is started, and all its mistakes are
named. Options of the deployment itself are in [deploy.md](deploy.md#options).
`;

const changes = markdownTable([
  ['change', 'what becomes of the numbers'],
  [
    'another `kind`',
    'hidden: each kind stores in its own way, so the counter begins anew; the old kind brings them back',
  ],
  ['a window more', 'the new window has what is counted from now on'],
  [
    'a window less',
    'hidden until it comes back, and without what was counted in between; deleted when it expires',
  ],
  ['another first window', 'kept, but a read that names no `window` answers another count'],
  ['a choice less', 'hidden, but still in `count`; the choice brings them back'],
  [
    'bounds where there were none',
    `kept; changes are refused for ${limits.boundsSettleSeconds / 60} minutes, until what was pending is folded; for a count of several cells, always`,
  ],
  [
    'other `bounds` than before',
    'kept, also outside of them; then only a change that leads back inside is taken',
  ],
  ['no `bounds` any more', 'kept'],
  ['other `keepDays`', 'windows that are stored expire as before, unless they change once more'],
  ['a counter less', 'hidden; its definition brings them back'],
]);

const changing = `## Changing a counter in use

What is stored stays as it is when a definition changes. So some changes hide numbers, and none deletes any:

${changes}
Before a deployment, \`npx node bin/tally.ts check --table NAME\` compares tally.config.ts with what the table was last
used with. It names the changes that hide numbers or refuse writes, and exits with 1 if there are any.
`;

export function configurationMarkdown(): string {
  const comments = fieldComments();
  const kinds = Object.entries(counterSchemas).map(
    ([kind, schema]) => `### ${kind}

${kindsInWords[kind as keyof typeof counterSchemas]}

${tableOf(schema, `${kind}Definition`, comments)}`,
  );
  return `${introduction}
## Counters

${kinds.join('\n')}
## Settings

What holds for all counters: the second argument of \`defineCounters\`.

${tableOf(settingsSchema, 'settingsSchema', comments)}
${changing}`;
}

/** @throws if a field has no comment: nobody would know what it means */
function tableOf(
  schema: v.GenericSchema,
  object: string,
  comments: ReadonlyMap<string, string>,
): string {
  const rows = rowsOf(toJsonSchema(schema, conversion), object, comments);
  return markdownTable([['field', 'takes', 'default', 'means'], ...rows]);
}

const conversion: ConversionConfig = {
  typeMode: 'input',
  // Rules in code are told in the comments.
  ignoreActions: ['check', 'partial_check'],
};

/** Objects of their own whose fields stand under the name of the field that has them. */
const objects: ReadonlyMap<string, string> = new Map([
  ['bounds', 'boundsDefinition'],
  ['amounts', 'amountsDefinition'],
  ['visitors', 'visitorSettings'],
]);

function rowsOf(
  { properties = {}, required = [] }: JsonSchema,
  object: string,
  comments: ReadonlyMap<string, string>,
  prefix = '',
): string[][] {
  return Object.entries(properties).flatMap(([name, property]) => {
    if (typeof property === 'boolean') return [];
    const meaning = comments.get(`${object}.${name}`);
    if (name !== 'kind' && meaning === undefined) {
      throw new Error(`${object}.${name} in define-counters.ts has no comment`);
    }
    const row = [
      code(prefix + name),
      takenBy(property),
      defaultOf(property, required.includes(name)),
      meaning ?? 'The kind.',
    ];
    const takesVisitors = JSON.stringify(property).includes('"visitor"');
    const own = takesVisitors ? `${name}WithVisitors` : (objects.get(name) ?? name);
    const inner = rowsOf(property, own, comments, `${prefix}${name}.`);
    return [row, ...inner];
  });
}

function takenBy(schema: JsonSchema): string {
  const { type, enum: options, const: only, minimum, maximum, items, additionalItems } = schema;
  if (only !== undefined) return code(only);
  if (options) return options.map(code).join(', ');
  if (type === 'boolean') return '`true`, `false`';
  const { anyOf, oneOf = anyOf } = schema;
  if (oneOf) return oneOf.map((it) => code(tagOf(it))).join(', ');
  if (type === 'array') {
    const [first] = Array.isArray(items) ? items : [items];
    const entry = first ?? additionalItems;
    return `a list of ${typeof entry === 'object' && entry.enum ? takenBy(entry) : 'texts'}`;
  }
  if (type === 'object') return 'an object';
  if (type === 'string') return 'a text';
  const isBounded = minimum !== undefined && maximum !== undefined && maximum < 1e12;
  return isBounded ? `${minimum} to ${maximum}` : 'a whole number';
}

/** What tells one of several objects from the others: `{ type: "none" }`. */
function tagOf(schema: JsonSchema | boolean): string {
  const { properties = {} } = typeof schema === 'boolean' ? {} : schema;
  const fields = Object.entries(properties).map(([name, field]) => {
    const { const: only } = typeof field === 'boolean' ? {} : field;
    return only === undefined ? name : `${name}: ${JSON.stringify(only)}`;
  });
  return `{ ${fields.join(', ')} }`;
}

function defaultOf({ default: usual }: JsonSchema, isRequired: boolean): string {
  if (isRequired) return '';
  const isOwn = usual === undefined || (typeof usual === 'object' && !Array.isArray(usual));
  return isOwn ? 'none' : code(usual);
}

const code = (value: unknown): string =>
  `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
