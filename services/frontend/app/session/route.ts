import { signIn } from '../../src/session/sign-in';

export const dynamic = 'force-dynamic';

/** The sign-in form. */
export async function POST(request: Request): Promise<Response> {
  return signIn(request);
}
