import { CreateDBParameterGroupCommand, ModifyDBParameterGroupCommand, RDSClient } from '@aws-sdk/client-rds';
import { mockClient } from 'aws-sdk-client-mock';
import type { PlatformParts, ResourceRequest } from '../../local/cloudformation/provider';
import { parameterGroupProvider } from '../../local/cloudformation/providers/database';

const rds = mockClient(RDSClient);
const parts = { clients: { rds: new RDSClient({}) } } as unknown as PlatformParts;

function groupWith(Parameters: Record<string, string>): ResourceRequest {
  return {
    stack: 'local-Database',
    logicalId: 'Parameters',
    path: 'local/Database/Postgres/Parameters',
    type: 'AWS::RDS::DBParameterGroup',
    properties: { Family: 'postgres17', Description: 'ours', Parameters },
    assets: new Map(),
    dockerfiles: new Map(),
  };
}

describe("the database's parameter group", () => {
  beforeEach(() => {
    rds.reset();
    rds.on(CreateDBParameterGroupCommand).resolves({});
    rds.on(ModifyDBParameterGroupCommand).resolves({});
  });

  it.each([
    ['says nothing of it', {}],
    ['switches it off', { 'rds.force_ssl': '0' }],
  ])('is refused when it %s: the local server forces TLS and would hide that', async (_, parameters) => {
    const making = parameterGroupProvider.make(groupWith(parameters), parts);
    await expect(making).rejects.toThrow(/local\/Database\/Postgres\/Parameters does not: set rds.force_ssl/);
    expect(rds.calls()).toHaveLength(0);
  });

  it("shows the template's parameters at the RDS API", async () => {
    await parameterGroupProvider.make(groupWith({ 'rds.force_ssl': '1', log_connections: 'all' }), parts);
    const [modified] = rds.commandCalls(ModifyDBParameterGroupCommand);
    expect(modified?.args[0].input.Parameters).toEqual([
      { ParameterName: 'rds.force_ssl', ParameterValue: '1', ApplyMethod: 'pending-reboot' },
      { ParameterName: 'log_connections', ParameterValue: 'all', ApplyMethod: 'pending-reboot' },
    ]);
  });
});
