import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Construct } from 'constructs';

export interface MonthlyBudgetProps {
  readonly usd: number;
  /** The address that is mailed. */
  readonly email: string;
}

/**
 * Mails once half of a month's budget is spent, once all of it is, and once it looks as if it would be.
 * It watches the whole account: the costs of one stack can be told apart only where somebody has made
 * its name a cost allocation tag, and a budget that sees nothing is worse than none.
 */
export class MonthlyBudget extends Construct {
  constructor(scope: Construct, id: string, { usd, email }: MonthlyBudgetProps) {
    super(scope, id);
    const mailAt = (notificationType: 'ACTUAL' | 'FORECASTED', threshold: number) => ({
      notification: {
        notificationType,
        threshold,
        thresholdType: 'PERCENTAGE',
        comparisonOperator: 'GREATER_THAN',
      },
      subscribers: [{ subscriptionType: 'EMAIL', address: email }],
    });
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: usd, unit: 'USD' },
      },
      notificationsWithSubscribers: [
        mailAt('ACTUAL', 50),
        mailAt('ACTUAL', 100),
        mailAt('FORECASTED', 100),
      ],
    });
  }
}
