import type { Change, Refusal } from './refusal';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const isolated: Change = ['services.subnets', 'isolated'];
const stop = (seconds: object) => ({ drainSeconds: 20, shutdownSeconds: 20, killSeconds: 30, ...seconds });
const WEB_SERVICES = ['gateway', 'frontend'] as const;

/** What is refused of `services`, and of others because of it. */
export const SERVICES_REFUSED: readonly Refusal[] = [
  // Shape.
  [
    'an image by its tag',
    [['services.gateway.image', { repository: 'golive/gateway', digest: 'v1' }]],
    /^services\.gateway\.image\.digest: got "v1", allowed: the digest of the image/,
  ],
  [
    'an image of another registry',
    [['services.frontend.image', { repository: 'docker.io/Library/node', digest: DIGEST }]],
    /^services\.frontend\.image\.repository: got "docker\.io\/Library\/node", allowed: a repository of ECR/,
  ],
  [
    'processors that Fargate does not give',
    [['services.gateway.cpu', 300]],
    /^services\.gateway\.cpu: got 300, allowed: 256, 512/,
  ],
  [
    'a stop longer than Fargate allows',
    [['services.gateway.stop', stop({ killSeconds: 121 })]],
    /^services\.gateway\.stop\.killSeconds: got 121, allowed: at most 120/,
  ],
  [
    'a share of traces in percent',
    [['services.observability.sampleRatio', 5]],
    /^services\.observability\.sampleRatio: got 5, allowed: at most 1/,
  ],

  // Rules across fields.
  [
    'services that want NAT where there is none',
    [
      ['network.nat', 'none'],
      ['network.interfaceEndpoints', ['secretsmanager', 'ssm']],
      ['backup.dump.subnets', 'isolated'],
      ['sentry', false],
    ],
    /^services\.subnets: got "egress", allowed: "public" or "isolated", as network\.nat is "none"/,
  ],
  [
    'services in isolated subnets that cannot reach what they call',
    [isolated],
    /^network\.interfaceEndpoints: got \["secretsmanager"\], allowed: a list with "ecr\.api", "ecr\.dkr", "logs", "ssm", "xray", as services/,
  ],
  [
    'services in isolated subnets without a collector, which need less and not nothing',
    [isolated, ['services.observability', { sampleRatio: 0, enabled: false }]],
    /^network\.interfaceEndpoints: got \["secretsmanager"\], allowed: a list with "ecr\.api", "ecr\.dkr", "logs", as services/,
  ],
  [
    'a collector from the public registry, which isolated subnets cannot reach',
    [isolated, ['services.observability', { sampleRatio: 0.05, enabled: true, collector: {} }]],
    /^services\.observability\.collector: .*an image in a repository of your own/,
  ],
  [
    'Sentry for services that cannot reach it',
    [isolated],
    /^sentry: got true, allowed: false while services\.subnets is "isolated"/,
  ],
  [
    'more connections than the instance takes, in a deployment during a rotation',
    [['services.gateway.databaseConnections', 30]],
    /^services\.gateway\.databaseConnections: got 30, allowed: at most 27 with 12 tasks: a r8g\.large leaves some 1321 connections.*opens 4 times/,
  ],
  [
    'connections that no task of a small instance can have',
    [
      ['database.instanceClass', 't4g.micro'],
      ['services.gateway.databaseConnections', 10],
      ['services.gateway.tasks.max', 50],
    ],
    /^services\.gateway\.databaseConnections: got 10, allowed: at most 0 with 50 tasks/,
  ],
  [
    'tokens that outlive the keys that verify them',
    [
      ['services.gateway.tokenMinutes', 61],
      ['secrets', { jwt: { maxTokenMinutes: 60 } }],
    ],
    /^services\.gateway\.tokenMinutes: got 61, allowed: at most secrets\.jwt\.maxTokenMinutes \(60\)/,
  ],
  ...WEB_SERVICES.flatMap((name): Refusal[] => [
    [
      `memory of the ${name} that Fargate does not give`,
      [[`services.${name}.memoryMiB`, 1024]],
      new RegExp(`^services\\.${name}\\.memoryMiB: got 1024, allowed: 2 to 8 GiB in steps of 1 GiB`),
    ],
    [
      `memory of the smallest task of the ${name} between Fargate's steps`,
      [
        [`services.${name}.cpu`, 256],
        [`services.${name}.memoryMiB`, 1536],
      ],
      new RegExp(`^services\\.${name}\\.memoryMiB: got 1536, allowed: 512, 1024, 2048, as Fargate gives`),
    ],
    [
      `a ${name} to which its collector leaves nothing`,
      [
        [`services.${name}.cpu`, 256],
        [`services.${name}.memoryMiB`, 512],
        ['services.observability', { enabled: true, sampleRatio: 1, collector: { memoryMiB: 512 } }],
      ],
      new RegExp(
        `^services\\.${name}\\.memoryMiB: got 512, allowed: at least 768: the collector has 512 of it`,
      ),
    ],
    [
      `fewer tasks of the ${name} at most than at least`,
      [[`services.${name}.tasks`, { min: 4, max: 3 }]],
      new RegExp(
        `^services\\.${name}\\.tasks\\.max: got 3, allowed: at least services\\.${name}\\.tasks\\.min \\(4\\)`,
      ),
    ],
    [
      `a ${name} that is killed while it still ends`,
      [[`services.${name}.stop`, stop({ shutdownSeconds: 30 })]],
      new RegExp(`^services\\.${name}\\.stop\\.killSeconds: got 30, allowed: at least 35`),
    ],
    [
      `a ${name} on Spot that takes longer to stop than Spot warns`,
      [
        [`services.${name}.stop`, stop({ drainSeconds: 60, shutdownSeconds: 50, killSeconds: 60 })],
        [`services.${name}.spotPercent`, 50],
      ],
      new RegExp(`^services\\.${name}\\.spotPercent: got 50, allowed: 0 while a stop takes 130 seconds`),
    ],

    // Guard rails.
    [
      `one task of the ${name} in production`,
      [[`services.${name}.tasks.min`, 1]],
      new RegExp(`^services\\.${name}\\.tasks\\.min: got 1, allowed: at least 2 in production`),
    ],
    [
      `nothing but Spot for the ${name} in production`,
      [[`services.${name}.spotPercent`, 100]],
      new RegExp(`^services\\.${name}\\.spotPercent: got 100, allowed: less than 100 in production`),
    ],
  ]),
  [
    'a shell in a task of production',
    [['services.shell', true]],
    /^services\.shell: got true, allowed: false in production/,
  ],
  [
    'tasks of production with addresses of the internet',
    [['services.subnets', 'public']],
    /^services\.subnets: got "public", allowed: "egress" or "isolated" in production/,
  ],
  [
    'a production that counts nothing',
    [['services.containerInsights', 'disabled']],
    /^services\.containerInsights: got "disabled", allowed: "enabled" or "enhanced" in production/,
  ],
  [
    'a production without traces',
    [['services.observability', { enabled: false, sampleRatio: 0 }]],
    /^services\.observability\.enabled: got false, allowed: true in production/,
  ],
];
