/** What a read of a counter answers, whatever its kind. */
import {
  bookAnswer,
  counterAnswer,
  limitAnswer,
  reactionCounts,
  uniqueAnswer,
} from './read-answers.ts';

export const kindAnswers = [
  counterAnswer,
  reactionCounts,
  uniqueAnswer,
  bookAnswer,
  limitAnswer,
] as const;
