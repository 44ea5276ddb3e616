import { z } from 'zod';
import { strictly, withoutEffect } from '../properties';
import type { Provider } from '../provider';

const UserProperties = z.object({
  UserId: z.string().min(1),
  UserName: z.string().min(1),
  Engine: z.string(),
  AccessString: z.string(),
  AuthenticationMode: z.strictObject({ Type: z.literal('password'), Passwords: z.array(z.string()) }),
  ...withoutEffect('Tags'),
});

export const cacheUserProvider: Provider = {
  treatment: 'executed',
  note: 'a stand-in of ours for ElastiCache keeps its passwords and changes them; no cache server is started, so nobody logs in, and what the user may do there is not played',
  make(request, { cacheUsers }) {
    const { UserId, UserName, Engine, AccessString, AuthenticationMode } = strictly(UserProperties, request);
    cacheUsers.create(
      { userId: UserId, userName: UserName, engine: Engine, accessString: AccessString },
      AuthenticationMode.Passwords,
    );
    return Promise.resolve({ ref: UserId, attributes: { Status: 'active' } });
  },
};
