// The function that fills the database. `npm run deploy` invokes it when its stack stands, and no resource of the template
// does: a failure then neither rolls the stack back, which takes as long as its network interfaces, nor deletes the log that
// says why; and what is asked again is one invocation.

import { Stack, type StackProps } from 'aws-cdk-lib';
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
        new RustFunction(this, 'Rust', {
            crate,
            bootstrap: bootstrap(workspace, crate),
            functionName: this.stackName,
            description: 'Fills the database',
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
    }
}
