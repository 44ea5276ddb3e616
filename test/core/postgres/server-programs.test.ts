import { delimiter } from 'node:path';
import { findServerPrograms } from '../../../core/postgres/server-programs';
import { makeProgramFolder, type ProgramFolder } from '../../support/fake-program';

describe('the programs of a server', () => {
  const folders: ProgramFolder[] = [];
  const installed = (version: string, programs = ['initdb', 'postgres', 'pg_restore']) => {
    const folder = makeProgramFolder();
    folders.push(folder);
    programs.forEach((name) => folder.write(name, `console.log('${name} (PostgreSQL) ${version} (Debian)')`));
    return folder.path;
  };
  afterEach(() => folders.splice(0).forEach((folder) => folder.remove()));

  test('are those of the very major version, wherever it lies', async () => {
    const [newer, wanted] = [installed('17.5'), installed('16.9')];
    expect(await findServerPrograms({ path: newer, folders: [wanted], majorVersion: 16 })).toEqual({
      folder: wanted,
      version: '16.9',
      majorVersion: 16,
    });
  });

  test('are those of the next newer one when it is not there', async () => {
    const path = [installed('18.1'), installed('17.5'), installed('15.9')].join(delimiter);
    const found = await findServerPrograms({ path, folders: [], majorVersion: 16 });
    expect(found.version).toBe('17.5');
  });

  test('are refused when they are older, and it is said what to install', async () => {
    const search = { path: installed('15.9'), folders: [], majorVersion: 17 };
    await expect(findServerPrograms(search)).rejects.toMatchObject({
      code: 'ServerProgramsTooOldError',
      message: expect.stringMatching(/has PostgreSQL 15\.9 and version 17 is wanted; install/) as string,
    });
  });

  test('are not there when only a client is', async () => {
    const search = { path: installed('17.5', ['pg_restore']), folders: [], majorVersion: 17 };
    await expect(findServerPrograms(search)).rejects.toMatchObject({ code: 'ServerProgramsNotFoundError' });
  });
});
