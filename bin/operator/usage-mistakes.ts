/** What can be wrong with a command line, in our words. */
import type { Command, CommanderError, Option } from 'commander';

export class UsageMistake extends Error {
  override readonly name = 'UsageMistake';
}

/** By the codes of the parser; what it quotes is the word that is wrong. */
const sentences: Readonly<Record<string, (word: string) => string>> = {
  'commander.unknownOption': (word) => `There is no flag '${word}'.`,
  'commander.unknownCommand': (word) => `There is no command '${word}'.`,
  'commander.optionMissingArgument': (word) => `${flagOf(word)} needs a value.`,
  'commander.missingMandatoryOptionValue': (word) => `${flagOf(word)} is missing.`,
  'commander.missingArgument': (word) => `${word.toUpperCase()} is missing.`,
  'commander.excessArguments': () => 'There is a word too many.',
};

/** The mistake that the parser found, with the word that may have been meant, and where to read on. */
export function usageMistakeOf(
  { code, message }: CommanderError,
  program: Command,
  args: readonly string[],
): UsageMistake {
  const command = commandOf(program, args);
  const help = `Usage: ${usageOf(command)}\nMore: ${nameOf(command)} --help`;
  // The parser has shown help to nobody, because there was no command.
  if (code === 'commander.help') return new UsageMistake(`A command is missing.\n\n${help}`);
  // The parser looks first for what is missing; but a misspelt flag may be the reason.
  const unknownFlag =
    code === 'commander.missingMandatoryOptionValue'
      ? args.find((arg) => arg.startsWith('--') && !hasFlag(command, arg))
      : undefined;
  const [, quoted = ''] = /'([^']*)'/.exec(message) ?? [];
  const word = unknownFlag ?? quoted;
  const sentence = sentences[unknownFlag === undefined ? code : 'commander.unknownOption'];
  const said = sentence?.(word) ?? message.replace(/^error: /, '');
  const [, near = nearFlag(command, word)] =
    /Did you mean (?:one of )?(.*)\?\)/.exec(message) ?? [];
  const meant = near === undefined ? '' : ` Did you mean ${near}?`;
  return new UsageMistake(`${said}${meant}\n\n${help}`);
}

/** `--table <name>` without what it takes. */
const flagOf = (words: string): string => words.split(' ')[0] ?? '';

const flagsOf = ({ options }: Command): string[] => [
  '--help',
  ...options.map(({ long }: Option) => long ?? ''),
];

const hasFlag = (command: Command, arg: string): boolean =>
  flagsOf(command).includes(arg.split('=')[0] ?? '');

/** A shortened flag is too far from the whole of it for the parser's own suggestions. */
function nearFlag(command: Command, word: string): string | undefined {
  return word.startsWith('--') ? flagsOf(command).find((it) => it.startsWith(word)) : undefined;
}

/** The command that was meant, as far as the words are right. */
function commandOf(program: Command, args: readonly string[]): Command {
  const [word, ...rest] = args;
  const next = program.commands.find((it) => it.name() === word);
  return next ? commandOf(next, rest) : program;
}

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}

const usageOf = (command: Command): string => `${nameOf(command)} ${command.usage()}`;
