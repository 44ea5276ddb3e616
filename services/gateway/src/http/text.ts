import * as z from 'zod';

/** No control characters: PostgreSQL takes no NUL in a text, and the others stand in no name. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/** One line of text. */
export const line = (longest: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .refine((text) => !CONTROL.test(text), 'a line without control characters');

export const Identifier = z.uuid();

export const Timestamp = z.iso.datetime();
