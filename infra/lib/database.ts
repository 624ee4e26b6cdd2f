// Aurora PostgreSQL with RDS Proxy before it. No password exists: clients sign in to the proxy by IAM, the proxy signs in to
// the database by IAM, and so does the master user.

import { ArnFormat, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
    CfnDBCluster,
    CfnDBClusterParameterGroup,
    CfnDBInstance,
    CfnDBProxy,
    CfnDBProxyTargetGroup,
    CfnDBSubnetGroup,
} from 'aws-cdk-lib/aws-rds';
import type { Construct } from 'constructs';

import { adminUser, database, parameterPrefix, postgresPort, project, readerUser } from './names.ts';
import type { Network } from './network.ts';
import { putParameters } from './parameters.ts';
import { signIn } from './policies.ts';

export interface DatabaseProps extends StackProps {
    readonly network: Network;
    /** Whether the proxy logs what it does, SQL among it, and the database why it refused an IAM sign-in. */
    readonly debug: boolean;
}

/** cfn-lint knows which versions can still be created. */
export const engine = { engine: 'aurora-postgresql', engineVersion: '17.6' };

/**
 * The smallest class that Aurora PostgreSQL has. Serverless v2 would make the proxy dear, which is billed for 8 ACU at
 * least in front of it.
 */
export const instanceClass = 'db.t4g.medium';

/** Of the cluster and of the proxy: the names of their log groups follow from it. */
const name = project.toLowerCase();

/** Where the proxy logs; it makes the group if nobody has, without an end. */
export const proxyLogGroup = `/aws/rds/proxy/${name}`;

/** The log of refused IAM sign-ins, which Aurora PostgreSQL exports on request. */
const refusals = 'iam-db-auth-error';

export class Database extends Stack {
    /** Where clients connect to: the proxy. Its certificate is one that Lambda's image trusts; the database's is not. */
    readonly endpoint: string;
    private readonly proxyId: string;

    constructor(scope: Construct, id: string, props: DatabaseProps) {
        super(scope, id, props);
        const subnetIds = props.network.vpc.isolatedSubnets.map((it) => it.subnetId);
        const groups = this.securityGroups(props.network);
        const cluster = this.cluster(subnetIds, groups.database, props.debug);
        const instance = new CfnDBInstance(this, 'Instance', {
            dbClusterIdentifier: cluster.ref,
            dbInstanceClass: instanceClass,
            engine: engine.engine,
            publiclyAccessible: false,
            autoMinorVersionUpgrade: true,
        });
        const proxy = new CfnDBProxy(this, 'Proxy', {
            dbProxyName: name,
            engineFamily: 'POSTGRESQL',
            defaultAuthScheme: 'IAM_AUTH',
            requireTls: true,
            roleArn: this.proxyRole(cluster).roleArn,
            vpcSubnetIds: subnetIds,
            vpcSecurityGroupIds: [groups.proxy.securityGroupId],
            debugLogging: props.debug,
        });
        proxy.node.addDependency(this.logs('ProxyLogs', proxyLogGroup));
        const target = new CfnDBProxyTargetGroup(this, 'Target', {
            dbProxyName: proxy.ref,
            targetGroupName: 'default',
            dbClusterIdentifiers: [cluster.ref],
        });
        target.addResourceDependency(instance);
        this.endpoint = proxy.attrEndpoint;
        // arn:aws:rds:REGION:ACCOUNT:db-proxy:prx-0123
        this.proxyId = this.splitArn(proxy.attrDbProxyArn, ArnFormat.COLON_RESOURCE_NAME).resourceName ?? '';
        putParameters(this, `${parameterPrefix}/database`, {
            user: readerUser,
            name: database,
            port: String(postgresPort),
            endpoint: this.endpoint,
        });
    }

    /** The right to sign in at the proxy as `user`. */
    signInAs(user: string): PolicyStatement {
        return signIn(this, this.proxyId, [user]);
    }

    private securityGroups(network: Network): { proxy: SecurityGroup; database: SecurityGroup } {
        const group = (id: string, description: string): SecurityGroup =>
            new SecurityGroup(this, id, { vpc: network.vpc, description, allowAllOutbound: false });
        const proxy = group('ProxyGroup', 'RDS Proxy: PostgreSQL from the functions, to the database');
        const database = group('DatabaseGroup', 'The database: PostgreSQL from RDS Proxy');
        const port = Port.tcp(postgresPort);
        proxy.addIngressRule(network.functions, port);
        proxy.addEgressRule(database, port);
        database.addIngressRule(proxy, port);
        return { proxy, database };
    }

    /** A log group that RDS would make by itself, and keep for ever. */
    private logs(id: string, logGroupName: string): LogGroup {
        return new LogGroup(this, id, {
            logGroupName,
            retention: RetentionDays.ONE_DAY,
            removalPolicy: RemovalPolicy.DESTROY,
        });
    }

    private cluster(subnetIds: string[], group: SecurityGroup, debug: boolean): CfnDBCluster {
        const subnetGroup = new CfnDBSubnetGroup(this, 'Subnets', {
            dbSubnetGroupDescription: 'The isolated subnets',
            subnetIds,
        });
        const parameterGroup = new CfnDBClusterParameterGroup(this, 'ParameterGroup', {
            description: 'No connection without TLS',
            family: 'aurora-postgresql17',
            parameters: { 'rds.force_ssl': '1' },
        });
        const cluster = new CfnDBCluster(this, 'Cluster', {
            ...engine,
            dbClusterIdentifier: name,
            ...(debug ? { enableCloudwatchLogsExports: [refusals] } : {}),
            databaseName: database,
            masterUsername: adminUser,
            masterUserAuthenticationType: 'iam-db-auth',
            enableIamDatabaseAuthentication: true,
            dbClusterParameterGroupName: parameterGroup.ref,
            dbSubnetGroupName: subnetGroup.ref,
            vpcSecurityGroupIds: [group.securityGroupId],
            port: postgresPort,
            storageEncrypted: true,
            backupRetentionPeriod: 1,
            copyTagsToSnapshot: true,
        });
        if (debug) cluster.node.addDependency(this.logs('Refusals', `/aws/rds/cluster/${name}/${refusals}`));
        // populate makes it again in seconds: no snapshot stays behind that costs.
        cluster.applyRemovalPolicy(RemovalPolicy.DESTROY);
        return cluster;
    }

    private proxyRole(cluster: CfnDBCluster): Role {
        // Inline: the proxy is created when the role can do its work, not before.
        const statement = signIn(this, cluster.attrDbClusterResourceId, [adminUser, readerUser]);
        return new Role(this, 'ProxyRole', {
            assumedBy: new ServicePrincipal('rds.amazonaws.com'),
            inlinePolicies: { SignIn: new PolicyDocument({ statements: [statement] }) },
        });
    }
}
