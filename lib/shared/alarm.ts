import { type Duration, Stage } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmBase,
  AlarmRule,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarm,
  type MathExpression,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct, IConstruct } from 'constructs';
import { alarmDescription } from '../../core/alerting/alarm-description';
import { alarmName, type Severity } from '../../core/alerting/alarm-name';

/** What every alarm says of itself. Who is told is the routes' to decide, by its name: no alarm has an action of its own. */
interface Declaration {
  /** `critical` wakes somebody, `warning` is looked at today, `info` is for who asks what happened. */
  readonly severity: Severity;
  /** Its section in `docs/runbook.md`, such as `backup-dump-failing`. */
  readonly anchor: string;
  /** Which of several that share a section, such as `gateway`. @default there is one */
  readonly subject?: string;
  /** What is wrong, in whole sentences. Where to read what to do is put behind it. */
  readonly description: string;
}

export interface AlarmDeclaration extends Declaration {
  readonly metric: Metric | MathExpression;
  /** In the metric's own unit. */
  readonly threshold: number;
  readonly comparison: keyof typeof COMPARISONS;
  /** M of N: how many of the last N periods must breach. */
  readonly of: readonly [number, number];
  /** Why a single period is enough: needed where `of` is `[1, 1]`. Such as: what is counted is an event and not a level. */
  readonly onceIsEnough?: string;
  /** What a period without a figure means. There is no default: whoever declares an alarm must know. */
  readonly missingData: keyof typeof MISSING_DATA;
}

export interface CompositeAlarmDeclaration extends Declaration {
  /** Any of them is this one. They inform, this one pages; all are of the same stack. */
  readonly anyOf: readonly AlarmBase[];
  /** While one of these sounds this one does not: they tell of the same. @default none */
  readonly unless?: readonly AlarmBase[];
  /** @default nothing keeps it quiet */
  readonly quietWhile?: QuietWhile;
}

/**
 * Keeps a composite alarm quiet while another alarm sounds. It changes its state all the same, and EventBridge tells of it:
 * a route pages for what has no `detail.state.actionsSuppressedBy`. When the quiet ends and the state is still ALARM, another
 * event comes without it; an OK resolves whether it has it or not.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 */
export interface QuietWhile {
  readonly alarm: IAlarm;
  /** How long it waits for that alarm before it tells: the other one may be later by a period or two. */
  readonly wait: Duration;
  /** How long it stays quiet after that alarm, until what was counted meanwhile is out of its own periods. */
  readonly extension: Duration;
}

const COMPARISONS = {
  '>': ComparisonOperator.GREATER_THAN_THRESHOLD,
  '>=': ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  '<': ComparisonOperator.LESS_THAN_THRESHOLD,
  '<=': ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
} as const;

/** CloudWatch's own words. `ignore` keeps the state that there was, `missing` is a state of its own, which pages nobody. */
const MISSING_DATA = {
  breaching: TreatMissingData.BREACHING,
  notBreaching: TreatMissingData.NOT_BREACHING,
  ignore: TreatMissingData.IGNORE,
  missing: TreatMissingData.MISSING,
} as const;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html */
const MOST_CHILDREN = 100;

const declarations = new WeakMap<IConstruct, Declaration | AlarmDeclaration>();
const runbooks = new WeakMap<Stage, string>();

/**
 * The one way to make an alarm: it alone gives name, description, treatment of missing data and actions, which are none.
 *
 * @throws AlarmNameError, AlarmDescriptionError
 * @throws Error when M of N makes no sense, or one period is enough and nobody says why
 */
export function declareAlarm(scope: Construct, id: string, declaration: AlarmDeclaration): Alarm {
  const {
    metric,
    threshold,
    comparison,
    of: [datapointsToAlarm, evaluationPeriods],
    missingData,
  } = declaration;
  refuseOf(declaration);
  const alarm = new Alarm(scope, id, {
    ...nameAndDescription(scope, declaration),
    metric,
    threshold,
    comparisonOperator: COMPARISONS[comparison],
    evaluationPeriods,
    datapointsToAlarm,
    treatMissingData: MISSING_DATA[missingData],
  });
  declarations.set(alarm, declaration);
  return alarm;
}

/**
 * An alarm that sounds while any of others does: a problem has several of them, and pages once.
 *
 * @throws AlarmNameError, AlarmDescriptionError
 * @throws Error when it has no children or more than CloudWatch takes
 */
export function declareCompositeAlarm(
  scope: Construct,
  id: string,
  declaration: CompositeAlarmDeclaration,
): CompositeAlarm {
  const { anyOf, unless = [], quietWhile, anchor } = declaration;
  const children = anyOf.length + unless.length;
  if (anyOf.length < 1 || children > MOST_CHILDREN) {
    throw new Error(
      `the composite alarm "${anchor}" has ${children} children: give it 1 to ${MOST_CHILDREN}`,
    );
  }
  const any = AlarmRule.anyOf(...anyOf);
  const { alarmName: compositeAlarmName, alarmDescription } = nameAndDescription(scope, declaration);
  const alarm = new CompositeAlarm(scope, id, {
    compositeAlarmName,
    alarmDescription,
    alarmRule: unless.length === 0 ? any : AlarmRule.allOf(any, AlarmRule.not(AlarmRule.anyOf(...unless))),
    ...(quietWhile && {
      actionsSuppressor: quietWhile.alarm,
      actionsSuppressorWaitPeriod: quietWhile.wait,
      actionsSuppressorExtensionPeriod: quietWhile.extension,
    }),
  });
  declarations.set(alarm, declaration);
  return alarm;
}

export interface DeclaredAlarm extends Declaration {
  readonly alarm: AlarmBase;
  /** What is measured, and up to where it is well. Absent: it is a composite alarm. */
  readonly measured?: Pick<AlarmDeclaration, 'metric' | 'threshold' | 'comparison'>;
}

/** The alarms below that have one of these sections. An anchor that none has is no error: not every environment has every job. */
export function alarmsAt(scope: IConstruct, anchors: readonly string[]): AlarmBase[] {
  return declaredAlarmsIn(scope).flatMap(({ anchor, alarm }) => (anchors.includes(anchor) ? [alarm] : []));
}

/** All alarms that are declared below, in the order of the tree. */
export function declaredAlarmsIn(scope: IConstruct): DeclaredAlarm[] {
  return scope.node.findAll().flatMap((construct) => {
    const declaration = declarations.get(construct);
    if (!declaration) return [];
    const { severity, anchor, subject, description } = declaration;
    return [
      {
        alarm: construct as AlarmBase,
        severity,
        anchor,
        description,
        ...(subject !== undefined && { subject }),
        ...('metric' in declaration && {
          measured: {
            metric: declaration.metric,
            threshold: declaration.threshold,
            comparison: declaration.comparison,
          },
        }),
      },
    ];
  });
}

/** Where people read the runbook: descriptions of this stage's alarms name it. @param url without an anchor */
export function readRunbookAt(stage: Stage, url: string): void {
  runbooks.set(stage, url);
}

/** The environment is the Stage's name: there is one Stage for each. */
function nameAndDescription(scope: Construct, { severity, anchor, subject, description }: Declaration) {
  const stage = Stage.of(scope);
  if (!stage?.stageName)
    throw new Error(`the alarm "${anchor}" is in no Stage: make one for its environment`);
  return {
    alarmName: alarmName({ environment: stage.stageName, severity, anchor, subject }),
    alarmDescription: alarmDescription(description, anchor, runbooks.get(stage)),
  };
}

function refuseOf({ anchor, of: [m, n], onceIsEnough }: AlarmDeclaration): void {
  if (!(Number.isInteger(m) && Number.isInteger(n) && m >= 1 && m <= n)) {
    throw new Error(`the alarm "${anchor}" wants ${m} of ${n} periods: M is 1 to N`);
  }
  if (n === 1 && onceIsEnough === undefined) {
    throw new Error(
      `the alarm "${anchor}" sounds after one period: say in "onceIsEnough" why, or take M of N`,
    );
  }
  if (n > 1 && onceIsEnough !== undefined) {
    throw new Error(`the alarm "${anchor}" has ${m} of ${n} periods: "onceIsEnough" is for 1 of 1`);
  }
}
