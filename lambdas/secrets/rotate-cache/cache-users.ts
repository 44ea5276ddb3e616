import { DescribeUsersCommand, ModifyUserCommand, type ElastiCacheClient } from '@aws-sdk/client-elasticache';
import type { CacheUsers } from '../../../core/secrets/rotation';
import { CacheUserMissingError } from './errors';

/** ElastiCache as it is. Needs elasticache:DescribeUsers and elasticache:ModifyUser on the user. */
export function elastiCacheUsers(elastiCache: ElastiCacheClient): CacheUsers {
  return {
    async describe(userId) {
      const { Users: [user] = [] } = await elastiCache.send(new DescribeUsersCommand({ UserId: userId }));
      if (!user?.UserName || !user.Status) throw new CacheUserMissingError(userId);
      const { UserName: userName, Status: status, Authentication } = user;
      return { userName, status, passwordCount: Authentication?.PasswordCount ?? 0 };
    },
    async setPasswords(userId, passwords) {
      await elastiCache.send(
        new ModifyUserCommand({
          UserId: userId,
          AuthenticationMode: { Type: 'password', Passwords: [...passwords] },
        }),
      );
    },
  };
}
