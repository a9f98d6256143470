import { Stack } from 'aws-cdk-lib';
import { Alarm, type AlarmProps, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

export interface OperatorAlarmsProps {
  /** Alarms are mailed to this address; undefined shows them only in the CloudWatch console. */
  readonly email: string | undefined;
}

/** Alarms that an operator should look into. */
export class OperatorAlarms extends Construct {
  private readonly action: SnsAction | undefined;

  constructor(scope: Construct, id: string, { email }: OperatorAlarmsProps) {
    super(scope, id);
    this.action = email === undefined ? undefined : new SnsAction(this.mailingTopic(email));
  }

  /** Raises an alarm when `metric` reaches `threshold`; missing data is fine: nothing happened. */
  raiseWhen(
    id: string,
    props: Pick<AlarmProps, 'alarmDescription' | 'metric' | 'threshold'> &
      Required<Pick<AlarmProps, 'evaluationPeriods' | 'datapointsToAlarm'>>,
  ): void {
    const alarm = new Alarm(this, id, {
      ...props,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (this.action) {
      alarm.addAlarmAction(this.action);
      alarm.addOkAction(this.action);
    }
  }

  /** Not encrypted with KMS: CloudWatch could use only a key of our own, for a dollar a month. */
  private mailingTopic(email: string): Topic {
    const topic = new Topic(this, 'Topic', { enforceSSL: true });
    // With a policy of its own, a topic loses the default policy, which lets alarms publish.
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    topic.addSubscription(new EmailSubscription(email));
    return topic;
  }
}
