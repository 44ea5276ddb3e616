/**
 * Whether a piece of work was done in time. Late or failed is the same here: what is on its way out has nobody left to
 * tell.
 */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeOut = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, milliseconds), false);
  });
  const done = work.then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([done, timeOut]);
  } finally {
    clearTimeout(timer);
  }
}
