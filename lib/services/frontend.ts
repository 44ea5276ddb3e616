import { Port } from 'aws-cdk-lib/aws-ec2';
import type { ICluster } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { FrontendEnvironment } from '../../services/frontend/src/environment';
import type { EnvironmentConfig } from '../config';
import type { PlatformSettings } from '../shared/platform-settings';
import { GATEWAY_INTERNAL_PORT } from './gateway';
import type { ServiceImage } from './service-image';
import { WebService } from './web-service';

export const FRONTEND_PORT = { name: 'edge', port: 3000 } as const;

export interface FrontendProps {
  readonly platform: PlatformSettings;
  readonly config: EnvironmentConfig;
  readonly cluster: ICluster;
  readonly image: ServiceImage;
  readonly gateway: Pick<WebService<never>, 'service' | 'connections'>;
  /** The address that people type. */
  readonly origin: string;
}

/** The pages, with their way to the gateway. */
export function addFrontend(
  scope: Construct,
  id: string,
  { platform, config, cluster, image, gateway, origin }: FrontendProps,
): WebService<typeof FrontendEnvironment> {
  const frontend = new WebService(scope, id, {
    platform,
    cluster,
    image,
    name: 'frontend',
    services: config.services,
    contract: FrontendEnvironment,
    environment: {
      PORT: FRONTEND_PORT.port,
      GATEWAY_URL: `http://gateway:${GATEWAY_INTERNAL_PORT.port}`,
      PUBLIC_ORIGIN: origin,
    },
    secrets: [],
    ports: [FRONTEND_PORT],
    scratch: ['/tmp'],
  });
  frontend.connections.allowTo(gateway, Port.tcp(GATEWAY_INTERNAL_PORT.port), 'The frontend');
  // A task finds by Service Connect what was there when it was deployed.
  frontend.service.node.addDependency(gateway.service);
  return frontend;
}
