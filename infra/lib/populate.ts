// The function that fills the database, and its one invocation: when it is created, and when it or the data change. A
// stack of its own, so that a failure here does not take down the database, which is slow to create.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Trigger } from 'aws-cdk-lib/triggers';
import type { Construct } from 'constructs';

import { bootstrap } from './bootstrap.ts';
import type { Database } from './database.ts';
import { adminUser, database, postgresPort, readerUser } from './names.ts';
import type { Network } from './network.ts';
import { RustFunction } from './rust-function.ts';
import type { Workspace } from './workspace.ts';

export interface PopulateProps extends StackProps {
    readonly workspace: Workspace;
    readonly network: Network;
    readonly database: Database;
}

export class Populate extends Stack {
    constructor(scope: Construct, id: string, props: PopulateProps) {
        super(scope, id, props);
        const { workspace } = props;
        const crate = workspace.populate;
        const rust = new RustFunction(this, 'Rust', {
            crate,
            bootstrap: bootstrap(workspace, crate),
            functionName: this.stackName,
            // A new description is a new version of the function, and each version is invoked once.
            description: `Fills the database. Data: ${dataHash(workspace)}`,
            variables: {
                DATABASE_ENDPOINT: props.database.endpoint,
                DATABASE_PORT: String(postgresPort),
                DATABASE_NAME: database,
                DATABASE_ADMIN_USER: adminUser,
                DATABASE_READER_USER: readerUser,
            },
            network: props.network,
            statements: [props.database.signInAs(adminUser)],
        });
        new Trigger(this, 'Run', {
            handler: rust.function,
            timeout: Duration.seconds(crate.timeout * 2),
        });
    }
}

/** Of what populate writes into the database. */
function dataHash(workspace: Workspace): string {
    const hash = createHash('sha256');
    for (const name of ['schema.sql', 'stadiums.json']) {
        hash.update(readFileSync(join(workspace.root, 'data', name)));
    }
    return hash.digest('hex').slice(0, 16);
}
