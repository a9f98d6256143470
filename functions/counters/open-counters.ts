import type { CounterDefinition, TallyConfig } from './define-counters.ts';

/**
 * The counters that callers without any credential may write, and what one request may do to each, as
 * lines for the person who deploys them.
 */
export function describeOpenCounters({ counters }: Pick<TallyConfig, 'counters'>): string[] {
  return [...counters]
    .filter(([, { access }]) => access.write === 'public')
    .map(([name, definition]) => `${name}: ${deedOf(definition)}`);
}

function deedOf(definition: CounterDefinition): string {
  switch (definition.kind) {
    case 'count': {
      const { max, decrement } = definition.amounts;
      const most = max.toLocaleString('en');
      return `adds ${max > 1 ? `up to ${most}` : '1'}${decrement ? ', or takes as much away' : ''}`;
    }
    case 'ticket':
      return 'draws a ticket';
    case 'reaction':
      return 'reacts as any member';
    case 'presence':
      return 'is here as any viewer';
    case 'unique':
      return 'comes as any visitor';
    case 'limit':
      return 'takes what it has room for';
  }
}
