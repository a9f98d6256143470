import { matchesGlob, posix } from 'node:path';
import { type Node, parseSync, Visitor } from 'oxc-parser';
import { type Area, areas, emptyNames, impureGlobals, impureMembers } from './import-rules.ts';

/** Stands for the argument of an `import()` that is not a literal; allowed nowhere. */
const computedName = 'a computed name';

/**
 * Checks one source file against the rules of the house.
 *
 * @param file its path in the repository, with `/`
 * @returns a sentence for every violation, beginning with file and line
 */
export function checkSource(file: string, source: string): string[] {
  const area = areas.find(({ files }) => matchesGlob(file, files));
  const problems = checkName(file);
  if (area === undefined) return problems;
  const { program } = parseSync(file, source);
  const report = ({ start }: Node, problem: string) => {
    const line = source.slice(0, start).split('\n').length;
    problems.push(`${file}:${line} ${problem}`);
  };
  const checkImport = (node: Node, specifier: string, kind: 'value' | 'type') => {
    const target = specifier.startsWith('.')
      ? posix.join(posix.dirname(file), specifier)
      : specifier;
    if (mayImport(area, target, { isOurs: target !== specifier, kind })) return;
    report(node, `imports ${kind === 'type' ? 'types of ' : ''}${target}`);
  };
  visitImports(checkImport).visit(program);
  if (area.isPure) visitImpurities((node, what) => report(node, `uses ${what}`)).visit(program);
  return problems;
}

function checkName(file: string): string[] {
  const words = file.split(/[/.-]/);
  return words
    .filter((word) => emptyNames.has(word))
    .map((word) => `${file} is called "${word}", which says nothing`);
}

function mayImport(
  area: Area,
  target: string,
  { isOurs, kind }: { isOurs: boolean; kind: 'value' | 'type' },
): boolean {
  if (target === computedName) return false;
  const isIn = (globs: readonly string[]) => globs.some((glob) => matchesGlob(target, glob));
  if (kind === 'type' && isIn(area.mayImportTypes ?? [])) return true;
  if (isOurs) return isIn(area.mayImport);
  return !isIn(area.notPackages) || isIn(area.butPackages ?? []);
}

/**
 * Every way to name another module. `import { type A }` is not among those that name only types: the
 * module is loaded all the same.
 */
function visitImports(
  found: (node: Node, specifier: string, kind: 'value' | 'type') => void,
): Visitor {
  return new Visitor({
    ImportDeclaration: (node) => found(node, node.source.value, node.importKind ?? 'value'),
    ExportAllDeclaration: (node) => found(node, node.source.value, node.exportKind ?? 'value'),
    ExportNamedDeclaration: (node) => {
      if (node.source) found(node, node.source.value, node.exportKind ?? 'value');
    },
    TSImportType: (node) => found(node, node.source.value, 'type'),
    ImportExpression: (node) => {
      const { source } = node;
      const isPlain = source.type === 'Literal' && typeof source.value === 'string';
      found(node, isPlain ? source.value : computedName, 'value');
    },
  });
}

function visitImpurities(found: (node: Node, what: string) => void): Visitor {
  const propertyNames = new Set<Node>();
  const skipName = ({ key, computed }: { key: Node; computed: boolean }) => {
    if (!computed) propertyNames.add(key);
  };
  return new Visitor({
    Property: skipName,
    PropertyDefinition: skipName,
    MethodDefinition: skipName,
    TSPropertySignature: skipName,
    TSMethodSignature: skipName,
    MemberExpression: (node) => {
      const { object, property, computed } = node;
      if (!computed) propertyNames.add(property);
      if (object.type !== 'Identifier' || property.type !== 'Identifier') return;
      const name = `${object.name}.${property.name}`;
      if (impureMembers.has(name)) found(node, name);
    },
    NewExpression: (node) => {
      const isNow = isIdentifier(node.callee, 'Date') && node.arguments.length === 0;
      if (isNow) found(node, 'new Date()');
    },
    CallExpression: (node) => {
      if (isIdentifier(node.callee, 'Date')) found(node, 'Date()');
    },
    Identifier: (node) => {
      if (impureGlobals.has(node.name) && !propertyNames.has(node)) found(node, node.name);
    },
  });
}

function isIdentifier(node: Node, name: string): boolean {
  return node.type === 'Identifier' && node.name === name;
}
