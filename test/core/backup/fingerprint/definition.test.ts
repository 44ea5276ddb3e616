import { canonicalDefinition } from '../../../../core/backup/fingerprint/inventory/definition';

describe('a definition, as the server spells it before and after a restore', () => {
  it.each([
    [
      'a constraint over a varchar column',
      `CHECK (((status)::text = ANY ((ARRAY['new'::character varying, 'paid'::character varying])::text[])))`,
      `CHECK (((status)::text = ANY (ARRAY[('new'::character varying)::text, ('paid'::character varying)::text])))`,
    ],
    [
      'values with commas, quotes and brackets in them',
      `(ARRAY['a,b'::character varying, 'it''s])'::character varying, "odd [name"])::text[]`,
      `ARRAY[('a,b'::character varying)::text, ('it''s])'::character varying)::text, ("odd [name")::text]`,
    ],
    [
      'calls with several arguments as elements',
      `(ARRAY[lower(a, b), (c)::name])::text[]`,
      `ARRAY[(lower(a, b))::text, ((c)::name)::text]`,
    ],
    [
      'an array of arrays',
      `(ARRAY[ARRAY['a'::name, 'b'::name], ARRAY['c'::name, 'd'::name]])::text[]`,
      `ARRAY[ARRAY[('a'::name)::text, ('b'::name)::text], ARRAY[('c'::name)::text, ('d'::name)::text]]`,
    ],
    [
      'a type with a length',
      `(ARRAY[1.5, 2.5])::numeric(10,2)[]`,
      `ARRAY[(1.5)::numeric(10,2), (2.5)::numeric(10,2)]`,
    ],
    ['a type with a quoted name', `(ARRAY['x'])::app."Odd ""type"[]`, `ARRAY[('x')::app."Odd ""type"]`],
  ])('is the same for %s', (_, before, after) => {
    expect(canonicalDefinition(before)).toBe(after);
    expect(canonicalDefinition(after)).toBe(after);
  });

  it('stays different where another value is allowed', () => {
    const one = canonicalDefinition(`((ARRAY['new'::character varying])::text[])`);
    const other = canonicalDefinition(`((ARRAY['old'::character varying])::text[])`);
    expect(one).not.toBe(other);
  });

  it.each([`'(ARRAY['`, `(ARRAY[1, 2`, `(ARRAY[1, 2])`, `(ARRAY['open])::text[]`, `(ARRAY[1, 2])::text`, ''])(
    'is left alone when it only looks like an array: %s',
    (text) => {
      expect(canonicalDefinition(text)).toBe(text);
    },
  );
});
