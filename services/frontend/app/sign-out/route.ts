import { signOut } from '../../src/session/sign-out';

export const dynamic = 'force-dynamic';

/** The sign-out button. */
export async function POST(): Promise<Response> {
  return signOut();
}
