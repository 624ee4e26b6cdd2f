// Names that several stacks, the scripts and the functions themselves agree on.

/** The prefix of every stack: CloudFormation would update a stranger's stack that happens to be called `Network`. */
export const project = 'Stadiums';

/** Parameter Store's prefix: what the functions read is under it, and they may read nothing else. */
export const parameterPrefix = '/stadiums';

/** The database. */
export const database = 'stadiums';

/** Owns the table. Only populate signs in as it. */
export const adminUser = 'stadiums_admin';

/** Reads the table. populate creates it, and every step signs in as it. */
export const readerUser = 'stadiums_reader';

export const postgresPort = 5432;
export const cachePort = 6379;

/** What the stack of a step, `Step05`, is called: `Stadiums-Step05`, or `Stadiums-ada-Step05` for an owner. */
export function stepStackName(id: string, owner?: string): string {
    return [project, owner, id].filter((it) => it !== undefined).join('-');
}
