import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import { GoLiveError } from '../../core/shared/errors';
import type { EnvironmentConfig } from '../config';
import { PROJECT_ROOT } from '../shared/bundle';

/** The folders of `services/` that an image is built from. */
export const SERVICE_NAMES = ['gateway', 'frontend'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

type GivenImage = NonNullable<EnvironmentConfig['services']['gateway']['image']>;

export interface ServiceImageProps {
  readonly service: ServiceName;
  /** One that is there already. @default it is built from `services/<service>/Dockerfile` */
  readonly given?: GivenImage | undefined;
  /** The build's context. @default the project */
  readonly root?: string;
}

/** Thrown when an image cannot be built from what is there. */
export class ServiceImageError extends GoLiveError {
  readonly code = 'ServiceImageError';
}

/**
 * What a service's tasks run. Its context is the project's root as `.dockerignore` leaves it, less the other service:
 * tracked sources and nothing that a build leaves behind, so the same commit gives the same hash on every machine. Docker
 * builds it at deployment, never at synthesis.
 */
export class ServiceImage extends Construct {
  readonly image: ContainerImage;
  /** Which build it is: the digest, or the hash of what it is built from. */
  readonly version: string;

  /** @throws ServiceImageError when there is no Dockerfile, or `.dockerignore` does not say what may be seen */
  constructor(scope: Construct, id: string, { service, given, root = PROJECT_ROOT }: ServiceImageProps) {
    super(scope, id);
    if (given) {
      this.version = given.digest;
      this.image = imageFrom(this, given);
      return;
    }
    const file = `services/${service}/Dockerfile`;
    refuseOpenContext(root, file);
    const asset = new DockerImageAsset(this, 'Asset', {
      directory: root,
      file,
      platform: Platform.LINUX_ARM64,
      exclude: [
        // A change of one service deploys no other. npm wants every workspace's package.json.
        ...SERVICE_NAMES.filter((name) => name !== service).flatMap((name) => [
          `services/${name}`,
          `!services/${name}/package.json`,
        ]),
        // Again: CDK looks into every folder that lies below what the last line lets in.
        '**/node_modules',
      ],
    });
    this.version = asset.assetHash;
    this.image = ContainerImage.fromDockerImageAsset(asset);
  }
}

/** An image of ECR by its digest. */
export function imageFrom(scope: Construct, { repository, digest }: GivenImage): ContainerImage {
  const found = repository.startsWith('arn:')
    ? Repository.fromRepositoryArn(scope, 'Repository', repository)
    : Repository.fromRepositoryName(scope, 'Repository', repository);
  return ContainerImage.fromEcrRepository(found, digest);
}

/** A context that is open unless something is named would take in node_modules and whatever a build left behind. */
function refuseOpenContext(root: string, file: string): void {
  if (!existsSync(join(root, file))) {
    throw new ServiceImageError(
      `no ${file} to build the image from: write one, or name an image that is there in lib/config/`,
    );
  }
  const path = join(root, '.dockerignore');
  const first = existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .find((line) => line.trim() !== '' && !line.startsWith('#'))
    : undefined;
  if (first?.trim() !== '*' && first?.trim() !== '**') {
    throw new ServiceImageError(
      '.dockerignore must begin with "*" and then name with "!" what an image is built from: otherwise its hash is of ' +
        'everything that lies about here',
    );
  }
}
