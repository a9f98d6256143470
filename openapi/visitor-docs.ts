import { visitorAnswer } from '../functions/http/schemas/caller-answers.ts';
import { visitorBody } from '../functions/http/schemas/caller-requests.ts';
import { content, type OperationDocs, updatedAt } from './operation-doc.ts';

const passOfVisitor = {
  'application/json': content(visitorAnswer, {
    pass: 'pass_1.claims.signature',
    visitor: 'v-Nn3Y3tVJqk0mB5qk0mB5qg',
    expires_at: updatedAt,
  }),
};

export const visitorDocs = {
  becomeVisitor: {
    tag: 'Keys',
    summary: 'Become a visitor, or renew the pass of one',
    description:
      "For people without an account, on counters with `write: 'visitor'`. Without a solution the answer is 401 `challenge_required`, whose `challenge` says what to do: send `{}` first, then the same with the `solution`. A `proof-of-work` challenge has a `seed`, `bits` and `expires_at`; a `turnstile` or `hcaptcha` challenge has the `site_key` for its widget. A visitor acts as `me` and for nobody else. With its old pass as the bearer, also for a month after it has expired, it gets a new pass for the same id, without a challenge.",
    body: content(visitorBody, { solution: '1.eyJ4Ijox.MAC:4711' }),
    answers: {
      200: { description: 'A new pass for the same visitor.', content: passOfVisitor },
      201: { description: 'The pass of a new visitor.', content: passOfVisitor },
    },
    problems: ['unavailable', 'outcome_unknown'],
  },
} satisfies OperationDocs;
