import { PutRuleCommand, PutTargetsCommand, type Target } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { TemplateError } from '../intrinsics';
import { strictly, withoutEffect } from '../properties';
import { physicalName, type Provider } from '../provider';

const RuleProperties = z.object({
  Name: z.string().optional(),
  Description: z.string().optional(),
  ScheduleExpression: z.string().optional(),
  EventPattern: z.record(z.string(), z.unknown()).optional(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Targets: z.array(z.custom<Target>()).default([]),
  ...withoutEffect('Tags'),
});

export const ruleProvider: Provider = {
  treatment: 'executed',
  note: 'a rule of the emulator; the local scheduler fires it and reads its targets from there',
  async make(request, { clients: { eventBridge }, rules }) {
    const properties = strictly(RuleProperties, request);
    const name = properties.Name ?? physicalName(request);
    const { RuleArn } = await eventBridge.send(
      new PutRuleCommand({
        Name: name,
        Description: properties.Description,
        ScheduleExpression: properties.ScheduleExpression,
        EventPattern: properties.EventPattern && JSON.stringify(properties.EventPattern),
        State: properties.State,
      }),
    );
    if (!RuleArn) throw new TemplateError('the emulator made a rule without an ARN');
    if (properties.Targets.length > 0) {
      await eventBridge.send(new PutTargetsCommand({ Rule: name, Targets: properties.Targets }));
    }
    // The scheduler fires what has a schedule; nobody here sends the events that a pattern waits for.
    if (properties.ScheduleExpression !== undefined) rules.set(request.path, name);
    return {
      ref: name,
      attributes: { Arn: RuleArn },
      ...(properties.ScheduleExpression === undefined && {
        note: 'a rule of the emulator; nothing here sends the events that it waits for',
      }),
    };
  },
};

const QueueProperties = z.object({
  MessageRetentionPeriod: z.number().optional(),
  VisibilityTimeout: z.number().optional(),
  DelaySeconds: z.number().optional(),
  RedrivePolicy: z.record(z.string(), z.unknown()).optional(),
  ...withoutEffect('KmsMasterKeyId', 'SqsManagedSseEnabled', 'Tags'),
});

export const queueProvider: Provider = {
  treatment: 'executed',
  note: 'a queue of the emulator',
  async make(request, { clients: { sqs } }) {
    const { MessageRetentionPeriod, VisibilityTimeout, DelaySeconds, RedrivePolicy } = strictly(
      QueueProperties,
      request,
    );
    const given = Object.entries({
      MessageRetentionPeriod,
      VisibilityTimeout,
      DelaySeconds,
      RedrivePolicy: RedrivePolicy && JSON.stringify(RedrivePolicy),
    }).filter(([, value]) => value !== undefined);
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({
        QueueName: physicalName(request),
        Attributes: Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
      }),
    );
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    );
    if (!QueueUrl || !Attributes?.QueueArn)
      throw new TemplateError('the emulator made a queue without an ARN');
    return {
      ref: QueueUrl,
      attributes: { Arn: Attributes.QueueArn, QueueName: physicalName(request), QueueUrl },
    };
  },
};
