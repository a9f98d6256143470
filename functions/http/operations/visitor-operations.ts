/** HTTP operations on visitors: people without an account. */
import type { Question } from '../../access/challenges/challenge.ts';
import type { NewcomerRefusal, Visitors } from '../../access/visitors.ts';
import { accessProblem } from '../authorise.ts';
import { credentialOf } from '../credential.ts';
import type { Operation } from '../operation.ts';
import { Problem } from '../problem.ts';
import { inputOf } from '../request-input.ts';
import { asTime, json } from '../responses.ts';
import { visitorBody } from '../schemas/caller-requests.ts';

export function createVisitorOperations(visitors: Visitors) {
  const becomeVisitor: Operation = async (request) => {
    const { body } = inputOf(request, { body: visitorBody });
    const credential = credentialOf(request.event);
    const answer = await visitors.givePass({
      credential,
      address: request.address,
      solution: body.solution,
    });
    if (!answer.ok) throw newcomerProblem(answer);
    const { pass, visitor, expiresAt, isNew } = answer;
    return json(isNew ? 201 : 200, { pass, visitor, expires_at: asTime(expiresAt * 1000) });
  };

  return { becomeVisitor };
}

function newcomerProblem(refusal: NewcomerRefusal): Problem {
  if (refusal.code !== 'challenge_required') return accessProblem(refusal);
  return new Problem(refusal.code, refusal.detail, {
    headers: { 'www-authenticate': 'Bearer' },
    members: { challenge: questionJson(refusal.question) },
  });
}

function questionJson(question: Question) {
  if (question.type !== 'proof-of-work') {
    return { type: question.type, site_key: question.siteKey };
  }
  const { type, seed, bits, expiresAt } = question;
  return { type, seed, bits, expires_at: asTime(expiresAt * 1000) };
}
