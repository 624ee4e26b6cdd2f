// ElastiCache with Valkey: one node, TLS. Whoever reaches it may use it, and the functions' security group alone does.

import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { CfnReplicationGroup, CfnSubnetGroup } from 'aws-cdk-lib/aws-elasticache';
import type { Construct } from 'constructs';

import { cachePort, parameterPrefix } from './names.ts';
import type { Network } from './network.ts';
import { putParameters } from './parameters.ts';

export interface CacheProps extends StackProps {
    readonly network: Network;
}

export class Cache extends Stack {
    /** ElastiCache's name for it. A step's stack that holds it keeps this stack from being deleted. */
    readonly name: string;

    constructor(scope: Construct, id: string, props: CacheProps) {
        super(scope, id, props);
        const { network } = props;
        const group = new SecurityGroup(this, 'Group', {
            vpc: network.vpc,
            description: 'The cache: from the functions',
            allowAllOutbound: false,
        });
        group.addIngressRule(network.functions, Port.tcp(cachePort));
        const subnets = new CfnSubnetGroup(this, 'Subnets', {
            description: 'The isolated subnets',
            subnetIds: network.vpc.isolatedSubnets.map((it) => it.subnetId),
        });
        const cache = new CfnReplicationGroup(this, 'Valkey', {
            replicationGroupDescription: 'The stadiums, as JSON, for seconds',
            engine: 'valkey',
            engineVersion: '8.0',
            cacheNodeType: 'cache.t4g.micro',
            numCacheClusters: 1,
            automaticFailoverEnabled: false,
            port: cachePort,
            transitEncryptionEnabled: true,
            atRestEncryptionEnabled: true,
            cacheSubnetGroupName: subnets.ref,
            securityGroupIds: [group.securityGroupId],
        });
        cache.applyRemovalPolicy(RemovalPolicy.DESTROY);
        this.name = cache.ref;
        putParameters(this, `${parameterPrefix}/cache`, {
            enabled: 'true',
            endpoint: cache.attrPrimaryEndPointAddress,
            port: String(cachePort),
        });
    }
}
