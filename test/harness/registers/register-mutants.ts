/** Registers that are wrong in one thing each. */
import type { RegisterStore } from '../../../functions/store/register-store.ts';
import type { CallInput, Mutant } from './register-schedule.ts';

const inStore = (mutation: (store: RegisterStore) => Partial<RegisterStore>): Mutant => ({
  store: (store) => ({ ...store, ...mutation(store) }),
});

/** @param condition a part of the condition of some calls, which is left out */
const without = (condition: string, placeholder: string): Mutant => ({
  call(input): CallInput {
    const { ConditionExpression = '', ExpressionAttributeValues = {} } = input;
    if (!ConditionExpression.includes(condition)) return input;
    const rest = ConditionExpression.replace(condition, 'attribute_exists(pk)');
    const { [placeholder]: _, ...values } = ExpressionAttributeValues;
    return { ...input, ConditionExpression: rest, ExpressionAttributeValues: values };
  },
});

/** Where to begin to search for a schedule that shows it: most are shown by one of the first. */
export const searchFrom: Readonly<Record<string, number>> = {
  'says no while something that was sent may still be counted': 280,
};

export const mutants: Readonly<Record<string, Mutant>> = {
  'takes entries from before its cut-off': {
    call(input): CallInput {
      if (!input.ConditionExpression?.includes('g <= :claimedAt')) return input;
      const values = { ...input.ExpressionAttributeValues, ':claimedAt': 1e15 };
      return { ...input, ExpressionAttributeValues: values };
    },
  },
  'puts no page before entries leave': inStore(() => ({ putPage: async () => {} })),
  'puts the page after its entries have left': inStore((store) => ({
    putPage: async () => {},
    async cut(key, turn) {
      await store.cut(key, turn);
      await store.putPage(key, turn, turn.cutOffMs);
    },
  })),
  'does not look on the page': inStore(() => ({ pageAfter: async () => undefined })),
  'looks on the page at the claim instead of after it': inStore((store) => ({
    pageAfter: (key, claimedAtMs) => store.pageAfter(key, claimedAtMs - 1),
  })),
  'does not claim anew what is late': inStore((store) => ({
    moveClaim: async (key, move) => (move.from === move.to ? store.moveClaim(key, move) : true),
  })),
  'claims anew whatever the claim is by then': without('c = :from', ':from'),
  'does not prolong an old claim': inStore((store) => ({
    moveClaim: async (key, move) => (move.from === move.to ? true : store.moveClaim(key, move)),
  })),
  'turns to the same cut-off, with an empty page': inStore((store) => ({
    async cut(key, turn) {
      if (turn.page.size === 0) await store.putPage(key, turn, 1e10);
      const isNext = turn.nextCutOffMs === turn.cutOffMs + 1;
      const nextCutOffMs = isNext ? turn.cutOffMs : turn.nextCutOffMs;
      await store.cut(key, { ...turn, nextCutOffMs });
    },
  })),
  'turns from another cut-off than it saw': without('g = :cutOff', ':cutOff'),
  'keeps pages no longer than an hour': inStore((store) => ({
    putPage: (key, turn, expiresAt) => store.putPage(key, turn, expiresAt - 9 * 86_400 + 3_600),
  })),
  'puts a second form of a token beside the first': inStore((store) => ({
    put: (key, form, nowMs) =>
      store.put(form.form === 'fact' ? { ...key, counter: 'facts' } : key, form, nowMs),
  })),
  'says no while something that was sent may still be counted': inStore((store) => ({
    bar: async (key) => ({
      outcome: 'entered',
      register: await store.read(key, { consistent: true }),
    }),
  })),
  'takes an expired token for one that is there': inStore((store) => ({
    put: (key, form) => store.put(key, form, 0),
  })),
};
