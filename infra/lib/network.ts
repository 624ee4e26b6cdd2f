// The network that all functions with backing services share. No way out: no internet gateway, no NAT gateway, and the one AWS
// service that the functions call through it has an endpoint inside.

import { Stack, type StackProps } from 'aws-cdk-lib';
import {
    InterfaceVpcEndpointAwsService,
    IpAddresses,
    Peer,
    Port,
    SecurityGroup,
    SubnetType,
    Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

import { cachePort, postgresPort } from './names.ts';
import { parameters } from './policies.ts';

export interface NetworkProps extends StackProps {
    /** The two Availability Zones to use; without them, the first two of the Region's list. */
    readonly zones?: readonly string[];
}

/** RDS Proxy wants subnets in two zones. */
export const zoneCount = 2;

/** The addresses of the VPC. Its own attribute would do in the rules below, but the emulator of the rehearsal does not know it. */
const addresses = '10.0.0.0/16';

export class Network extends Stack {
    readonly vpc: Vpc;
    /**
     * The functions' security group. It lives here and not in their stacks, because functions with the same subnets and
     * groups share their network interfaces: one set for all steps. CloudFormation waits with the deletion of a function's
     * stack until its interfaces are given back, which others have seen take 20 to 60 minutes
     * (github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/392); interfaces that another function still uses
     * are not given back at all, so it is the last stack that waits.
     */
    readonly functions: SecurityGroup;

    constructor(scope: Construct, id: string, props: NetworkProps) {
        super(scope, id, props);
        this.vpc = new Vpc(this, 'Vpc', {
            ...(props.zones ? { availabilityZones: [...props.zones] } : { maxAzs: zoneCount }),
            ipAddresses: IpAddresses.cidr(addresses),
            natGateways: 0,
            createInternetGateway: false,
            subnetConfiguration: [{ name: 'Isolated', subnetType: SubnetType.PRIVATE_ISOLATED }],
        });
        this.functions = new SecurityGroup(this, 'Functions', {
            vpc: this.vpc,
            description: 'The functions: HTTPS, PostgreSQL and the cache inside the VPC',
            allowAllOutbound: false,
        });
        for (const port of [443, postgresPort, cachePort]) {
            this.functions.addEgressRule(Peer.ipv4(addresses), Port.tcp(port));
        }
        this.addParameterStore();
    }

    private addParameterStore(): void {
        const group = new SecurityGroup(this, 'ParameterStoreGroup', {
            vpc: this.vpc,
            description: 'The endpoint of Parameter Store: HTTPS from the functions',
            allowAllOutbound: false,
        });
        group.addIngressRule(this.functions, Port.tcp(443));
        const endpoint = this.vpc.addInterfaceEndpoint('ParameterStore', {
            service: InterfaceVpcEndpointAwsService.SSM,
            securityGroups: [group],
            open: false,
        });
        endpoint.addToPolicy(
            new PolicyStatement({
                principals: [new AccountPrincipal(this.account)],
                ...parameters(this),
            }),
        );
    }
}
